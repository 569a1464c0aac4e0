"""Every test of the record has a data folder of its own."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: Path) -> None:
    """Streams and blobs are files."""


@pytest.fixture
def committing(
    django_capture_on_commit_callbacks: Callable[..., AbstractContextManager[Any]],
) -> Callable[[], AbstractContextManager[Any]]:
    """A block after which all that waits for the commit is done."""
    return partial(django_capture_on_commit_callbacks, execute=True)
