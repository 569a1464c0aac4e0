"""What the table of runs shows: plain data for templates, the export and tests. Made by `dashboard.table.build`.

Every `…query` is a query string without its question mark, ready for `href="?{{ … }}"`.
"""

from dataclasses import dataclass, field
from typing import Any

from dashboard.table import projects
from dashboard.table.deltas import Delta
from dashboard.table.wish import Wish
from runs.models import Run


@dataclass(frozen=True, slots=True)
class Column:
    """A column. `key` is its word in the URL (`state`, `config.opt.lr`, `metric.val/loss:min`).

    kind: fixed, config, summary or metric. `which`: last, min, max or best for a metric, else "". `numeric` ones
    stand at the right. `sorted`: "", "up" or "down"; `rank`: its place among the sorted columns from 1 on, 0 outside.
    """

    key: str
    label: str
    kind: str
    which: str = ""
    numeric: bool = False
    pinned: bool = False
    sortable: bool = True
    sorted: str = ""
    rank: int = 0
    sort_query: str = (
        ""  # a click: sorted by this alone, the next time turned round, then not at all
    )
    turn_query: str = ""  # of a column that sorts: the other way round
    also_query: str = ""  # a click with Shift: the same beside the columns that sort already
    pin_query: str = ""  # pinned, or no longer so
    drop_query: str = ""  # the page without this column
    group_query: str = ""  # the page grouped by it, too; "" where that cannot be

    @property
    def name(self) -> str:
        """The label with what is meant of a metric: `loss min`."""
        return f"{self.label} {self.which}" if self.which not in ("", "last") else self.label


@dataclass(frozen=True, slots=True)
class Cell:
    """One value. What `value` holds follows from `kind`:

    blank: None · text: str · number: int or float · json: list or dict of a config · flag: bool · state: a RunStatus ·
    name: the run's name or else its id · id: the run's id · moment: datetime · elapsed: (start, end or None) ·
    tags: list of str · alerts: {level: count} · gpus: what it runs on or asks for, in words ·
    nan: None, the last value is no number and `step` says since when ("NaN @1200") ·
    mean: float, of `count` members of a group, with `spread` as their standard deviation (None for one member) ·
    commit: the whole hash, of which a page shows the beginning ·
    several: int, so many different values in a group.
    """

    column: Column
    kind: str = "blank"
    value: Any = None
    title: str = ""  # more about it, for a tooltip
    step: int | None = None  # of a metric's last value, or of its first NaN where kind is nan
    nans: int = 0  # values of this metric that were no numbers
    first_nan: int | None = None  # the step of the first of them
    spread: float | None = None
    count: int = 0
    delta: Delta | None = None  # of a metric: how far from the baseline's

    @property
    def is_blank(self) -> bool:
        return self.kind == "blank"


@dataclass(frozen=True, slots=True)
class Row:
    """A run; `cells` are in the order of the table's columns. `reason`: why it is in its state, for a tooltip."""

    run: Run
    cells: list[Cell]
    alerts: dict[str, int] = field(default_factory=dict)
    reason: str = ""
    job: int | None = None  # the number of its job, where it has one


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that agree in the grouping columns up to this level.

    `label` is the value of this level's column as a cell; `cells` are in the order of the table's columns.
    `members_query`: of `/runs/members?…`, which answers the next level's groups, or the runs. `query`: the page of
    this group alone. `key` tells groups of a table apart, also after it was fetched anew.
    """

    key: str
    level: int  # from 0 on
    label: Cell
    count: int
    cells: list[Cell]
    members_query: str
    query: str
    states: dict[str, int] = field(default_factory=dict)  # how many of it are in which state


@dataclass(frozen=True, slots=True)
class Paging:
    """Where we are. `count` is exact, of runs or of groups; `first` and `last` count from 1."""

    count: int
    first: int
    last: int
    number: int
    pages: int
    earlier: str = ""  # query strings; "" where there is nothing
    later: str = ""
    newer: int = 0  # runs that came since the first page was read; they are on none of these
    newest: str = ""  # query string of the first page
    sizes: list[tuple[int, str]] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class FilterError:
    """What is wrong with the filter and where: `length` characters from character `at` (from 0) of `text` on."""

    text: str
    at: int
    length: int
    detail: str
    hint: str = ""

    @property
    def before(self) -> str:
        return self.text[: self.at]

    @property
    def wrong(self) -> str:
        return self.text[self.at : self.at + self.length]

    @property
    def after(self) -> str:
        return self.text[self.at + self.length :]


@dataclass(frozen=True, slots=True)
class Chip:
    """One of the terms that all have to hold. `query`: the page without it."""

    text: str
    query: str
    at: int = 0
    length: int = 0


@dataclass(frozen=True, slots=True)
class EmptyBecause:
    """Why no run is left: without this term `count` would be. `text` is "" where only all terms together do it."""

    text: str
    count: int
    query: str  # of the page without the term, or without any filter
    hint: str = ""  # a setting that may be meant instead


@dataclass(frozen=True, slots=True)
class View:
    """A saved view, as the menu shows it. `changed`: the page is no longer as it was saved."""

    id: int
    name: str
    mine: bool
    project: str  # "" for one of all projects
    visibility: str
    is_default: bool
    query: str
    changed: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A page of the table: `rows`, or where it is grouped `groups`. With an `error` it has neither.

    `runs` counts the runs that the filter leaves (exact), grouped or not. `hidden`: columns that were asked for and
    have no value in any run that the filter leaves. `unknown`: words of the URL that are no columns, and why.
    """

    wish: Wish
    columns: list[Column]
    rows: list[Row]
    groups: list[Group]
    paging: Paging
    runs: int
    hidden: list[Column] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    chips: list[Chip] = field(default_factory=list)
    grouping: list[Chip] = field(
        default_factory=list
    )  # the grouping columns, each with the page without it
    within: list[Chip] = field(
        default_factory=list
    )  # the group that is shown alone, level by level
    error: FilterError | None = None
    empty_because: EmptyBecause | None = None
    view: View | None = None
    level: int = 0  # how many groups this table is inside of
    nothing_at_all: bool = False  # no run was ever recorded, or all are in the trash
    archived: int = 0  # runs that match as well, and are left out since they are archived
    archived_query: str = ""  # of the page with them
    with_archived: bool = False  # the filter says itself which of them it wants

    @property
    def query(self) -> str:
        """Of this very page, to fetch it again."""
        return self.wish.query()

    @property
    def project(self) -> str:
        """The one that the filter names: its views are offered."""
        return projects.named(self.wish.text)

    @property
    def clear_query(self) -> str:
        """Of the page without any filter."""
        return self.wish.query(text="", within=(), page=1)

    @property
    def unsorted_query(self) -> str:
        """Of the page in the order that it has by itself."""
        return self.wish.query(sort=(), page=1)

    @property
    def export_query(self) -> str:
        """For /runs/export?format=…&<this>: the same filter, columns, order and groups."""
        return self.wish.query(page=1, cols=tuple(self.cols), charts=(), view="")

    @property
    def cols(self) -> list[str]:
        """The columns shown, as `cols` in the URL would say it (pins included)."""
        return [f"!{each.key}" if each.pinned else each.key for each in self.columns]

    @property
    def is_filtered(self) -> bool:
        return bool(self.wish.text or self.wish.within)

    @property
    def is_grouped(self) -> bool:
        return bool(self.wish.group)

    @property
    def left(self) -> int:
        """How many rows come behind this page."""
        return max(0, self.paging.count - self.paging.last)

    @property
    def is_live(self) -> bool:
        """Whether something shown here still changes by itself."""
        return any(not row.run.is_final for row in self.rows)
