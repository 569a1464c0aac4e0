"""Curves of groups of runs for charts: one for each metric and group, over all members."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Self

from dashboard import writers
from dashboard.charting.bands import BANDS, MEANS, Band, Member, band
from dashboard.charting.shown import newest, series
from runs import selectors
from runs.errors import Invalid
from runs.models import Run, Series
from runs.series import binary, reading
from runs.series.asking import BUCKETS_AT_ONCE
from runs.series.axes import Axis
from runs.series.reading import Reading

MEMBERS_AT_ONCE = 2000  # of all groups of a call
KEYS_AT_ONCE = 24
NARROWEST, WIDEST = 10, 10_000


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that share a curve."""

    label: str
    runs: list[str]


@dataclass(frozen=True, slots=True)
class Wish:
    """Which curves, along which x."""

    groups: list[Group]
    keys: list[str]
    axis: Axis
    start: float | None
    end: float | None
    width: int
    agg: str
    kind: str

    @classmethod
    def of(cls, told: dict[str, Any]) -> Self:
        """Read what a page posted. Raises Invalid."""
        groups, keys = _groups(told.get("groups")), told.get("keys")
        if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
            raise Invalid("keys is a list of metrics")
        if not 0 < len(keys) <= KEYS_AT_ONCE:
            raise Invalid(f"one call reads 1 to {KEYS_AT_ONCE} keys, and not {len(keys)}")
        width = told.get("width", 800)
        if type(width) is not int or not NARROWEST <= width <= WIDEST:
            raise Invalid(f"width is a whole number from {NARROWEST} to {WIDEST}")
        return cls(
            groups=groups,
            keys=list(dict.fromkeys(keys)),
            axis=Axis.of(str(told.get("x", "step"))),
            start=_number(told, "from"),
            end=_number(told, "to"),
            width=width,
            agg=_one_of(told, "agg", MEANS, "mean"),
            kind=_one_of(told, "band", BANDS, "std"),
        )


def _groups(told: Any) -> list[Group]:
    if not isinstance(told, list) or not told:
        raise Invalid('groups is a list of {"label": "lr 0.1", "runs": ["job-1"]}')
    found = []
    for each in told:
        label, runs = (each.get("label"), each.get("runs")) if isinstance(each, dict) else (0, 0)
        if not isinstance(label, str) or not isinstance(runs, list):
            raise Invalid('a group is {"label": "lr 0.1", "runs": ["job-1"]}')
        if not all(isinstance(run, str) for run in runs):
            raise Invalid(f"the runs of {label[:80]!r} are a list of ids")
        found.append(Group(label, list(dict.fromkeys(runs))))
    members = sum(len(each.runs) for each in found)
    if members > MEMBERS_AT_ONCE:
        raise Invalid(f"one call reads groups of at most {MEMBERS_AT_ONCE} runs, and not {members}")
    return found


def _number(told: dict[str, Any], name: str) -> float | None:
    value = told.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value - value != 0:
        raise Invalid(f"{name} is a number")
    return float(value)


def _one_of(told: dict[str, Any], name: str, choices: Sequence[str], otherwise: str) -> str:
    value = told.get(name) or otherwise
    if value not in choices:
        raise Invalid(f"{name} is one of {', '.join(choices)}, and not {str(value)[:40]!r}")
    return str(value)


def answer(wish: Wish) -> bytes:
    """The curves in the binary form of docs/series.md: `group`, `key`, `runs` (members with it), and the columns
    x, value, low, high and n. Four queries, and what reading takes.
    """
    columns = binary.Columns()
    told = []
    for group, key, found in _read(wish):
        curve = band(
            [_member(each) for each in found],
            width=wish.width,
            agg=wish.agg,
            kind=wish.kind,
            start=wish.start,
            end=wish.end,
        )
        told.append(_about(group, key, len(found)) | {"arrays": _arrays(columns, curve)})
    return binary.packed({"series": told}, columns)


def _read(wish: Wish) -> list[tuple[Group, str, list[Reading]]]:
    """The main writer's series of every member, by group and key; those without points are left out."""
    runs = {
        run.key: run
        for run in selectors.known([key for group in wish.groups for key in group.runs])
    }
    found = _main(list(runs.values()), wish.keys)
    width = max(NARROWEST, min(wish.width, BUCKETS_AT_ONCE // max(1, len(found))))
    read = reading.read(
        list(found.values()),
        width=width,
        x=wish.axis,
        start=wish.start,
        end=wish.end,
        neighbours=True,  # or members would begin and end within the range, and count less than before it was looked at
    )
    by_place = {(each.series.run.key, each.series.key): each for each in read}
    return [
        (group, key, members)
        for key in wish.keys
        for group in wish.groups
        if (members := [by_place[run, key] for run in group.runs if (run, key) in by_place])
    ]


def _main(runs: Sequence[Run], keys: Sequence[str]) -> dict[tuple[int, str], Series]:
    return writers.main_by_run(series(newest(runs), keys=keys))


def _member(found: Reading) -> Member:
    thinned = found.thinned
    return Member.of(
        found.x, thinned.points.values, thinned.minimum, thinned.maximum, exact=thinned.exact
    )


def _about(group: Group, key: str, members: int) -> dict[str, Any]:
    return {"group": group.label, "key": key, "runs": members, "count": 0, "nan_count": 0}


def _arrays(columns: binary.Columns, curve: Band) -> dict[str, binary.Place]:
    numbers = {name: getattr(curve, name) for name in ("x", "value", "low", "high")}
    found = {name: columns.add("float64", each) for name, each in numbers.items()}
    return found | {"n": columns.add("uint32", curve.n)}
