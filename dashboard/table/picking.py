"""Columns that somebody could show, for the picker: what every run has, and keys of configs, summaries and metrics."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from dashboard.metrics import telling
from dashboard.table.build import asked
from dashboard.table.choosing import counted, metric_counts
from dashboard.table.specs import FACTS, FIXED, Spec
from dashboard.table.wish import Wish
from runs import facts
from runs.models import Run
from runs.query import keys
from runs.query.limits import bounded
from runs.query.scope import Scope
from runs.storage import SYSTEM

MOST = 200  # columns of a kind
READ = ("pk", "attempt", "config", "summary", "facts")
COUNTED = 500  # runs in which keys are counted: the newest that the filter leaves


@dataclass(frozen=True, slots=True)
class Choice:
    """`count`: how many of the runs looked at have something there; None where that was not counted."""

    key: str
    label: str
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """`more`: columns left out. `looked_at` of `runs` runs were read for the counts."""

    groups: list[tuple[str, list[Choice]]]
    more: int
    looked_at: int
    runs: int


def choices(wish: Wish, find: str, scope: Scope) -> Choices:
    """The columns whose name has `find` in it. Raises QueryError."""
    with bounded(wish.text):
        found = asked(wish, scope).found
        newest = list(found.order_by("-id").only(*READ)[:COUNTED])
        count = counted(found)
    groups, more = [], 0
    for kind, every in _kinds(newest):
        matching = [each for each in every if find.lower() in each.label.lower()]
        groups.append((kind, matching[:MOST]))
        more += len(matching) - len(matching[:MOST])
    return Choices(groups, more, len(newest), count)


def _kinds(newest: list[Run]) -> Iterable[tuple[str, list[Choice]]]:
    fixed = [name for name in FIXED if name not in FACTS]
    yield "fixed", [Choice(name, FIXED[name].label) for name in fixed]
    code = _facts(newest)
    yield "code", [_fact(name, code) for name in facts.CODE]
    logged = metric_counts(newest)
    logged.update(dict.fromkeys(keys.metric_keys(), 0))  # those of other runs
    machine = Counter({key: n for key, n in logged.items() if key.startswith(SYSTEM)})
    people = Counter({key: n for key, n in logged.items() if key not in machine})
    yield "metric", _sorted("metric", people)
    for kind in ("config", "summary"):
        known = _keys(getattr(run, kind) for run in newest)
        if len(newest) == COUNTED:  # there are older ones, which may have others
            known.update(dict.fromkeys(keys.config_keys(column=kind), 0))
        yield kind, _sorted(kind, known)
    yield "system", [_fact("gpu", code), *_sorted("metric", machine)]
    older = len(newest) == COUNTED  # which may have other packages
    packages = [name for name in facts.NAMES if name.startswith(facts.PACKAGE)]
    yield "package", [_fact(name, code) for name in packages if code[name] or older]


def _facts(newest: list[Run]) -> Counter[str]:
    return Counter(name for run in newest for name in FACTS if facts.of_run(run, name) is not None)


def _fact(name: str, known: Counter[str]) -> Choice:
    return Choice(name, FIXED[name].label, known[name])


def _keys(trees: Iterable[Any]) -> Counter[str]:
    return Counter(key for tree in trees for key in keys.flat(tree))


def _sorted(kind: str, counts: Counter[str]) -> list[Choice]:
    if kind == "metric":
        order = sorted(counts, key=lambda key: (-counts[key], telling(key)))
    else:
        order = sorted(counts, key=lambda key: (-counts[key], key))
    return [
        Choice(Spec(kind, key, "last" if kind == "metric" else "").key, key, counts[key])
        for key in order
    ]
