"""Long lists in parts, each short enough for one statement or one transaction."""

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import TypeVar

Item = TypeVar("Item")


def parts(items: Iterable[Item], most: int) -> Iterator[list[Item]]:
    """Lists of at most `most` items, in order."""
    rest = iter(items)
    while part := list(islice(rest, most)):
        yield part
