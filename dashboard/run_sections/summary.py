"""The numbers that a run ended with, or has now: as many as a page can hold, and a search among all of them."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

from dashboard.differences import flat
from runs.models import Series

MOST = 500  # rows


@dataclass(frozen=True, slots=True)
class Summary:
    """`matching` of `total` rows have the words in their key; no more than MOST of those are here."""

    values: list[tuple[str, Any]]
    series: list[Series]
    matching: int
    total: int
    words: str

    @property
    def more(self) -> int:
        return self.matching - len(self.values) - len(self.series)

    @property
    def is_searched(self) -> bool:
        return self.total > MOST


def summary(told: dict[str, Any], series: Sequence[Series], *, words: str = "") -> Summary:
    """What the script told at the end, and then the last values of its metrics."""
    values = flat(told)
    wanted = words.casefold().split()[:8]
    keys = [key for key in values if _has(key, wanted)]
    found = [each for each in series if _has(each.key, wanted)]
    shown = [(key, values[key]) for key in keys[:MOST]]
    return Summary(
        shown,
        list(islice(found, MOST - len(shown))),
        len(keys) + len(found),
        len(values) + len(series),
        words,
    )


def _has(key: str, wanted: Iterable[str]) -> bool:
    return all(word in key.casefold() for word in wanted)
