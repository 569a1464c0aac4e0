"""Once more, after the database chose our transaction to break a deadlock, or would not wait for a row any longer."""

import functools
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from django.db import OperationalError, connection

Given = ParamSpec("Given")
Answer = TypeVar("Answer")

TRIES = 3


def after_deadlock(function: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """Repeat a function that is one transaction. Inside somebody else's transaction there is nothing to repeat."""

    @functools.wraps(function)
    def repeated(*args: Given.args, **kwargs: Given.kwargs) -> Answer:
        for _ in range(TRIES - 1):
            try:
                return function(*args, **kwargs)
            except OperationalError:
                if connection.in_atomic_block or not connection.is_usable():
                    raise
        return function(*args, **kwargs)

    return repeated
