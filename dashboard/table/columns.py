"""Columns with everything that their heads link to."""

from collections.abc import Sequence

from dashboard.table.shown import Column
from dashboard.table.specs import FIXED, Spec, can_group, sorting
from dashboard.table.wish import Wish
from runs.directions import guessed


def dressed(wish: Wish, specs: Sequence[Spec]) -> list[Column]:
    """The columns of a page."""
    words = [_word(each) for each in specs]
    places = {
        found[0].key: (rank, found[1])
        for rank, word in enumerate(wish.sort, 1)
        if (found := sorting(word))
    }
    return [_column(wish, each, words, places) for each in specs]


def _word(spec: Spec) -> str:
    return f"!{spec.key}" if spec.pinned else spec.key


def _column(
    wish: Wish, spec: Spec, words: Sequence[str], places: dict[str, tuple[int, bool]]
) -> Column:
    rank, down = places.get(spec.key, (0, False))
    fixed = FIXED.get(spec.name) if spec.kind == "fixed" else None
    sortable = fixed.sortable if fixed else spec.kind != "rest"
    pinned = f"!{spec.key}" if not spec.pinned else spec.key
    groups = can_group(spec) and spec.key not in wish.group
    return Column(
        key=spec.key,
        label=spec.label,
        kind=spec.kind,
        which=spec.which,
        numeric=fixed.numeric if fixed else spec.kind in ("metric", "config", "summary"),
        pinned=spec.pinned,
        sortable=sortable,
        sorted=("down" if down else "up") if rank else "",
        rank=rank,
        sort_query=_sort_query(wish, spec, rank, down=down, alone=True) if sortable else "",
        turn_query=_turned(wish, rank) if rank else "",
        also_query=_sort_query(wish, spec, rank, down=down, alone=False) if sortable else "",
        pin_query=wish.query(cols=tuple(pinned if each == _word(spec) else each for each in words)),
        drop_query=wish.query(cols=tuple(each for each in words if each != _word(spec))),
        group_query=wish.query(group=(*wish.group, spec.key), within=(), page=1) if groups else "",
    )


def _turned(wish: Wish, rank: int) -> str:
    sort = list(wish.sort)
    word = sort[rank - 1]
    sort[rank - 1] = word.removeprefix("-") if word.startswith("-") else f"-{word}"
    return wish.query(sort=tuple(sort), page=1)


def _down_first(spec: Spec) -> bool:
    """Large or late first, but of a metric whose name says that less is better the least."""
    if spec.kind == "metric":
        return guessed(spec.name) != "min"
    return FIXED[spec.name].downwards if spec.kind == "fixed" else True


def _sort_query(wish: Wish, spec: Spec, rank: int, *, down: bool, alone: bool) -> str:
    """A click puts first what people look for; the next turns it round; a third sorts no more."""
    down_first = _down_first(spec)
    if rank == 0:
        word = f"-{spec.key}" if down_first else spec.key
    elif down == down_first:
        word = spec.key if down else f"-{spec.key}"
    else:
        word = ""
    if alone:
        return wish.query(sort=(word,) if word else (), page=1)
    sort = list(wish.sort)
    if rank:
        sort[rank - 1] = word
    else:
        sort.append(word)
    return wish.query(sort=tuple(each for each in sort if each), page=1)
