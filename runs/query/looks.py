"""What `:` means of texts, by the kind of their field: the same, somewhere inside, how a hash or a version begins."""

from collections.abc import Callable
from typing import Any

from django.db.models import Q
from django.db.models.lookups import IContains, IExact, IStartsWith


def _is_version(expression: Any, text: str) -> Any:
    """`python:3.1` is 3.1 and 3.1.4, and not 3.11; `package.torch:2.4.0` is 2.4.0+cu121, too."""
    begun = [Q(IStartsWith(expression, text + end)) for end in ".+"]
    return Q(IExact(expression, text), *begun, _connector=Q.OR)


LOOKS: dict[str, Callable[[Any, str], Any]] = {
    "text": IExact,
    "words": IContains,
    "hash": IStartsWith,
    "version": _is_version,
}
BEGUN = ("hash", "version")  # kinds of which the beginning is enough, also in a list
