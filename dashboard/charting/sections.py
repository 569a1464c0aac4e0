"""Which charts stand together: metrics by what is before their first slash."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from dashboard.metrics import is_system, prefix, telling

FEW = 8


@dataclass(frozen=True, slots=True)
class Section:
    """The charts under one prefix ("train/"); "" holds those without."""

    name: str
    keys: list[str]
    is_open: bool = True


def sections(found: Iterable[str]) -> list[Section]:
    """Keys by prefix; a few keys, or a single one of a kind, need no heading.

    What agents measure comes last, and is closed until somebody asks.
    """
    every = sorted(set(found), key=telling)
    keys = [key for key in every if not is_system(key)]
    measured = [key for key in every if is_system(key)]
    sizes = Counter(prefix(key) for key in keys)
    by_prefix: dict[str, list[str]] = {}
    for key in keys:
        alone = len(keys) <= FEW or sizes[prefix(key)] == 1
        by_prefix.setdefault("" if alone else prefix(key), []).append(key)
    named = [Section(name, keys) for name, keys in sorted(by_prefix.items())]
    return [*named, Section("system", measured, is_open=False)] if measured else named
