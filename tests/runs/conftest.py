"""Every test of the record has a data folder of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from runs import streams
from runs.logs.reading import OUTPUT
from runs.models import Run
from tests.runs.factories import make_run


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Streams and blobs are files."""


@pytest.fixture
def committing(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Callable[[], AbstractContextManager[Any]]:
    """A block after which all that waits for the commit is done."""
    return partial(django_capture_on_commit_callbacks, execute=True)


@pytest.fixture
def logged() -> Callable[[bytes], Run]:
    """A run that wrote these bytes."""

    def write(data: bytes) -> Run:
        run = make_run()
        streams.append(run, run.attempt, OUTPUT, offset=0, data=data)
        return run

    return write
