"""The table of runs as the URL asks for it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from django.db.models import QuerySet

from dashboard.table import cells, choosing, grouping
from dashboard.table.choosing import counted
from dashboard.table.columns import dressed
from dashboard.table.emptiness import empty_because
from dashboard.table.expressions import in_group, ordered
from dashboard.table.paging import paging, read_upto
from dashboard.table.shown import Chip, Column, FilterError, Group, Paging, Row, Table
from dashboard.table.specs import Spec, groupings, sorting
from dashboard.table.wish import Wish
from runs import selectors
from runs.errors import Invalid, QueryError
from runs.models import Run
from runs.query import archived
from runs.query.finding import Names, narrowed
from runs.query.limits import bounded
from runs.query.reading import parse
from runs.query.scope import Scope
from runs.query.syntax import All, Node, terms, to_text

MOST_SORTED = 10
MOST_COLUMNS = 200
MOST_GROUPS = 50


@dataclass(slots=True)
class Asked:
    """A wish that was understood."""

    wish: Wish
    scope: Scope
    tree: Node
    names: Names
    levels: list[Spec]
    unknown: list[str]
    found: QuerySet[Run]
    away: QuerySet[Run]  # archived runs that match as well, and are left out

    @property
    def level(self) -> int:
        """How many groups we are inside of."""
        return len(self.wish.within)

    @property
    def grouped_by(self) -> Spec | None:
        """What the groups of this page are made by; None where it shows runs."""
        return self.levels[self.level] if self.level < len(self.levels) else None


# The columns to show, those that are hidden since they are empty, and words that name none.
Chooser = Callable[[Asked, Sequence[Run]], tuple[list[Spec], list[Spec], list[str]]]


def asked(wish: Wish, scope: Scope) -> Asked:
    """The runs that a wish means. Raises QueryError, or Invalid for a group that does not exist."""
    tree, names = parse(wish.text), Names()
    levels, unknown = groupings(wish.group)
    every = narrowed(selectors.runs(), tree, scope, names)
    _check_lengths(wish)
    if len(wish.within) > len(levels):
        raise Invalid("the address names a group (within) of more levels than it groups by")
    for spec, text in zip(levels, wish.within, strict=False):
        try:
            every = every.filter(in_group(spec, text))
        except (ValueError, RecursionError):
            raise Invalid(f"{text[:60]!r} names no group of {spec.label}") from None
    found = archived.left_out(every, tree)
    away = every.none() if archived.means_archived(tree) else archived.alone(every)
    return Asked(wish, scope, tree, names, levels, unknown, found, away)


def _check_lengths(wish: Wish) -> None:
    """Each of them is an expression of the statement, of which databases take only so many."""
    for name, words, most in (
        ("sort", wish.sort, MOST_SORTED),
        ("cols", wish.cols, MOST_COLUMNS),
        ("group", wish.group, MOST_GROUPS),
    ):
        if len(words) > most:
            raise Invalid(f"{name} names at most {most} columns, not {len(words)}")


def table(wish: Wish, scope: Scope) -> Table:
    """One page of the table; a fixed number of queries. A filter that cannot be read makes a table with an error."""
    return _made(wish, scope, columns_of)


def members(wish: Wish, scope: Scope) -> Table:
    """The same for what is in a group: its columns are those of the header that it stands under, empty or not."""
    return _made(wish, scope, columns_around)


def _made(wish: Wish, scope: Scope, columns: Chooser) -> Table:
    try:
        with bounded(wish.text):
            return _table(asked(wish, scope), columns)
    except QueryError as wrong:
        error = FilterError(wish.text, wrong.at, wrong.length, wrong.what, wrong.hint)
        specs, unknown = choosing.asked_for(wish.cols)
        return Table(
            wish,
            dressed(wish, specs),
            [],
            [],
            Paging(0, 0, 0, 1, 1),
            0,
            unknown=unknown,
            error=error,
        )


def _table(we: Asked, choose: Chooser) -> Table:
    wish = we.wish
    unknown = [
        *we.unknown,
        *(f"{word[:100]} cannot be sorted by" for word in wish.sort if not sorting(word)),
    ]
    matching, away = counted(we.found), counted(we.away)
    read, count, upto = _read_through(we, matching)
    runs, number = page_of_runs(read, count)
    specs, hidden, strange = choose(we, runs)
    columns = dressed(wish, specs)
    rows: list[Row] = []
    groups: list[Group] = []
    shown = count
    if we.grouped_by is None:
        kinds = [(each.kind, each.name) for each in specs]
        rows = cells.rows(runs, columns, kinds, wish.baseline)
    else:
        groups, shown, number = page_of_groups(we, columns, specs)
    return Table(
        wish=wish,
        columns=columns,
        rows=rows,
        groups=groups,
        paging=paging(wish, shown, number, len(groups) or len(rows), upto, matching - count),
        runs=matching,
        hidden=dressed(wish, hidden),
        unknown=unknown + strange,
        chips=chips(wish, we.tree),
        grouping=_groupings(wish, we.levels),
        within=_within(wish, we.levels),
        empty_because=empty_because(wish, we.tree, we.scope, we.names) if not matching else None,
        level=we.level,
        nothing_at_all=not matching and not away and not wish.text and not wish.within,
        archived=away,
        with_archived=archived.means_archived(we.tree),
        archived_query=wish.query(text=archived.with_any(we.tree), page=1) if away else "",
    )


def _read_through(we: Asked, matching: int) -> tuple[Asked, int, int]:
    """What the pages go through, how many runs that is, and the newest of them that their links keep."""
    if we.grouped_by is not None:
        return we, matching, 0
    upto = read_upto(we.found, we.wish, matching)
    if we.wish.page > 1 and upto:
        read = replace(we, found=we.found.filter(pk__lte=upto))
        if count := counted(read.found):
            return read, count, upto
    return we, matching, upto


def page_of_runs(we: Asked, count: int) -> tuple[list[Run], int]:
    """The runs of the page and its number; of a page of groups the newest few, which say what columns there are."""
    wish = we.wish
    number = min(wish.page, max(1, -(-count // wish.size)))
    if we.grouped_by is not None:
        number = 1
    sort = wish.sort if we.grouped_by is None else ()
    first = (number - 1) * wish.size
    # Primary keys first: a sort that carries whole rows would carry their configs, too.
    found = ordered(we.found, sort, now=we.scope.now).values_list("pk", flat=True)
    keys = list(found[first : first + wish.size])
    rows = Run.objects.all()
    if not choosing.reads_facts(wish.cols, wish.sort):
        rows = rows.defer("facts")
    by_pk = rows.in_bulk(keys)
    return [by_pk[key] for key in keys if key in by_pk], number


def columns_of(we: Asked, runs: Sequence[Run]) -> tuple[list[Spec], list[Spec], list[str]]:
    """The columns to show, those that are hidden since they are empty, and words that name none."""
    if not we.wish.cols:
        some = runs[: choosing.LOOKED_AT]
        counts = choosing.metric_counts(some)
        return choosing.default_specs(some, we.wish.sort, counts), [], []
    specs, unknown = choosing.asked_for(we.wish.cols)
    if not runs:
        return specs, [], unknown
    seen = cells.seen(runs, [(each.kind, each.name) for each in specs])
    hidden = [
        each
        for each, has in zip(specs, seen, strict=True)
        if not has and choosing.is_empty(each, we.found, we.scope)
    ]
    return [each for each in specs if each not in hidden], hidden, unknown


def columns_around(we: Asked, runs: Sequence[Run]) -> tuple[list[Spec], list[Spec], list[str]]:
    """The columns of the table that a group stands in: all that it names, or what it chooses by its own runs."""
    if we.wish.cols:
        specs, unknown = choosing.asked_for(we.wish.cols)
        return specs, [], unknown
    outside = asked(replace(we.wish, within=(), page=1), we.scope)
    return columns_of(outside, page_of_runs(outside, 0)[0])


def page_of_groups(
    we: Asked, columns: Sequence[Column], specs: Sequence[Spec]
) -> tuple[list[Group], int, int]:
    """The groups of the page, how many there are, and the number of the page."""
    level, wish = we.levels[we.level], we.wish
    metrics = {(each.name, each.which) for each in specs if each.kind == "metric"}
    metrics |= {
        (f[0].name, f[0].which)
        for word in wish.sort
        if (f := sorting(word)) and f[0].kind == "metric"
    }
    every = grouping.in_order(
        grouping.bunches(we.found, [level], sorted(metrics)), level, wish.sort
    )
    number = min(wish.page, max(1, -(-len(every) // wish.size)))
    some = every[(number - 1) * wish.size : number * wish.size]
    (head,) = dressed(wish, [level])
    labels = grouping.labels(some, level, head)
    shown = tuple(f"!{each.key}" if each.pinned else each.key for each in columns)
    base = tuple(each for each in wish.charts if each[0] == "baseline")
    groups = []
    for bunch, label in zip(some, labels, strict=True):
        within = (*wish.within, bunch.text)
        groups.append(
            Group(
                key="/".join(within),
                level=we.level,
                label=label,
                count=bunch.count,
                cells=grouping.cells(bunch, columns, specs),
                members_query=wish.query(within=within, cols=shown, page=1, charts=base, view=""),
                query=wish.query(within=within, page=1),
                states=bunch.states,
            )
        )
    return groups, len(every), number


def chips(wish: Wish, tree: Node) -> list[Chip]:
    """The terms of the filter, each with the page without it."""
    every = terms(tree)
    return [
        Chip(
            text=to_text(term),
            query=wish.query(text=to_text(All((*every[:at], *every[at + 1 :]))), page=1),
            at=term.at,
            length=term.stop - term.at,
        )
        for at, term in enumerate(every)
    ]


def _groupings(wish: Wish, levels: Sequence[Spec]) -> list[Chip]:
    found = []
    for level in levels:
        mine = {f"-config.{key}" for key in level.without} or {level.key}
        rest = tuple(word for word in wish.group if word not in mine)
        found.append(Chip(level.label, wish.query(group=rest, within=(), page=1)))
    return found


def _within(wish: Wish, levels: Sequence[Spec]) -> list[Chip]:
    return [
        Chip(
            text=f"{spec.label} = {text}" if text != "null" else f"no {spec.label}",
            query=wish.query(within=wish.within[:at], page=1),
        )
        for at, (spec, text) in enumerate(zip(levels, wish.within, strict=False))
    ]
