"""Figures of many runs at once, as plain dictionaries: a scatter with trend and Pareto front, parallel coordinates.

The scatter is Plotly's; colours are names of custom properties, as in `dashboard.figures`. Parallel coordinates are
drawn by static/dashboard/compare/parallel.js, since Plotly's need WebGL and a pointer; here stands what it draws.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.comparing.columns import Column
from dashboard.comparing.directions import Direction
from dashboard.comparing.grids import text_of
from dashboard.comparing.importance import spearman

Figure = dict[str, Any]
Floats = NDArray[np.float64]
PALETTE = 8
MOST_POWER = 308.25  # of ten, that is a number yet
WORDS_COLOURED = 8  # more different words than colours: the rest share the last one


@dataclass(frozen=True, slots=True)
class Dot:
    """A run in a scatter."""

    run: str
    label: str
    colour: int


@dataclass(frozen=True, slots=True)
class Wish:
    """How a scatter is drawn. `better`: the direction of x and of y, for the Pareto front; "" for none."""

    log_x: bool = False
    log_y: bool = False
    trend: bool = True
    better: tuple[Direction, Direction] = ("", "")


@dataclass(frozen=True, slots=True)
class Trend:
    """A least-squares line through the points (of logarithms where an axis is one). `explained`: R²."""

    x: tuple[float, float]
    y: tuple[float, float]
    explained: float
    rank_correlation: float | None


def scatter(dots: Sequence[Dot], x: Column, y: Column, colour: Column | None, wish: Wish) -> Figure:
    """A point for each run that has both numbers; `meta` says how many have not, and what trend and front tell."""
    across, up = np.array(x.numbers), np.array(y.numbers)
    places = [int(at) for at in np.flatnonzero(_drawn(across, up, wish))]
    across, up = across[places], up[places]
    shown = [dots[at] for at in places]
    data = [_points(shown, across, up, _marker(shown, colour, places), x, y)]
    found = trend(across, up, log_x=wish.log_x, log_y=wish.log_y) if wish.trend else None
    if found is not None:
        data.append(_trend_line(found))
    front = pareto(across, up, wish.better) if all(wish.better) else []
    if front:
        data.append(_front([shown[at] for at in front], across[front], up[front]))
    meta = {
        "left_out": len(dots) - len(places),
        "shown": len(places),
        "trend": None
        if found is None
        else {"explained": found.explained, "rank": found.rank_correlation},
        "front": [shown[at].run for at in front],
    }
    return {"data": data, "layout": _layout(x, y, wish), "meta": meta}


def _drawn(across: Floats, up: Floats, wish: Wish) -> NDArray[np.bool_]:
    """Which runs have a place: both numbers are there, and above zero on a logarithmic axis."""
    known = np.isfinite(across) & np.isfinite(up)
    with np.errstate(invalid="ignore"):
        known &= (across > 0) | (not wish.log_x)
        known &= (up > 0) | (not wish.log_y)
    return known


def _points(
    shown: Sequence[Dot], across: Floats, up: Floats, marker: Figure, x: Column, y: Column
) -> Figure:
    return {
        "type": "scatter",
        "mode": "markers",
        "x": across.tolist(),
        "y": up.tolist(),
        "text": [plain_text(each.label) for each in shown],
        "customdata": [each.run for each in shown],
        "marker": {"size": 9, "line": {"width": 1, "color": "--panel"}} | marker,
        "hovertemplate": "%{text}<br>%{x:.5g}, %{y:.5g}<extra></extra>",
        "showlegend": False,
        "meta": {"role": "points"},
    }


def _marker(shown: Sequence[Dot], colour: Column | None, places: Sequence[int]) -> Figure:
    """By the run's own colour, by a number on a scale, or by a word."""
    if colour is None:
        return {"color": [f"--series-{each.colour}" for each in shown]}
    if colour.is_numeric:
        values = [colour.numbers[at] for at in places]
        bar = {"thickness": 10, "outlinewidth": 0, "tickfont": {"color": "--ink-soft", "size": 11}}
        return {
            "color": [None if math.isnan(value) else value for value in values],
            "colorscale": "Cividis",
            "showscale": True,
            "colorbar": bar | {"title": {"text": plain_text(label(colour.name)), "side": "right"}},
        }
    words = [_word(colour.values[at]) or "" for at in places]
    kinds = {word: at for at, word in enumerate(dict.fromkeys(words))}
    return {"color": [f"--series-{min(kinds[word], WORDS_COLOURED - 1)}" for word in words]}


def trend(x: Floats, y: Floats, *, log_x: bool = False, log_y: bool = False) -> Trend | None:
    """The line through these points; None where there are fewer than three or all have one x."""
    if len(x) < 3 or float(x.min()) == float(x.max()):
        return None
    across, width = _scaled(np.log10(x) if log_x else x)
    up, height = _scaled(np.log10(y) if log_y else y)
    centre = across - across.mean()
    wide = float((centre**2).sum())
    if not wide:
        return None
    slope = float((centre * (up - up.mean())).sum()) / wide
    left, right = float(across.min()), float(across.max())
    ends = [float(up.mean() + slope * (each - across.mean())) for each in (left, right)]
    spread = float(((up - up.mean()) ** 2).sum())
    missed = float((((up - up.mean()) - slope * centre) ** 2).sum())
    explained = 1 - missed / spread if spread else 0.0
    sides = _ends(left * width, right * width, log=log_x)
    heights = _ends(*(each * height for each in ends), log=log_y)
    if not all(map(math.isfinite, (*sides, *heights))):
        return None  # it leaves the numbers that there are
    return Trend(sides, heights, explained, spearman(x, y))


def _scaled(values: Floats) -> tuple[Floats, float]:
    """Values of at most 1, so that the square of a huge one is a number, and what they were divided by."""
    largest = float(np.abs(values).max())
    return (values / largest, largest) if largest else (values, 1.0)


def _ends(first: float, last: float, *, log: bool) -> tuple[float, float]:
    if not log:
        return first, last
    return tuple(10**each if each < MOST_POWER else math.inf for each in (first, last))  # type: ignore[return-value]


def pareto(x: Floats, y: Floats, better: tuple[Direction, Direction]) -> list[int]:
    """The places of the points that no other one beats: none is better in one direction and no worse in the other.

    In the order of x, the best first.
    """
    across = x if better[0] == "min" else -x
    up = y if better[1] == "min" else -y
    front: list[int] = []
    for at in np.lexsort((up, across)).tolist():
        last = front[-1] if front else at
        is_its_equal = up[at] == up[last] and across[at] == across[last]
        if up[at] < up[last] or is_its_equal:
            front.append(at)
    return front


def _trend_line(found: Trend) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(found.x),
        "y": list(found.y),
        "line": {"color": "--ink-soft", "width": 1.5, "dash": "dash"},
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"role": "trend"},
    }


def _front(shown: Sequence[Dot], across: Floats, up: Floats) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines+markers",
        "x": across.tolist(),
        "y": up.tolist(),
        "line": {"color": "--accent", "width": 1.75},
        "marker": {
            "symbol": "circle-open",
            "size": 15,
            "color": "--accent",
            "line": {"width": 2, "color": "--accent"},
        },
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"role": "front", "runs": [each.run for each in shown]},
    }


def _layout(x: Column, y: Column, wish: Wish) -> Figure:
    def axis(column: Column, *, log: bool) -> Figure:
        return {
            "title": {"text": plain_text(label(column.name)), "font": {"size": 12}},
            "type": "log" if log else "linear",
            "gridcolor": "--chart-grid",
            "zeroline": False,
            "linecolor": "--chart-grid",
            "tickfont": {"color": "--ink-soft", "size": 11},
            "automargin": True,
            "exponentformat": "e",  # "power" writes inline styles, which the policy forbids
        }

    return {
        "height": 420,
        "margin": {"l": 56, "r": 16, "t": 12, "b": 44},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--ink-soft"},
        "xaxis": axis(x, log=wish.log_x),
        "yaxis": axis(y, log=wish.log_y),
        "hovermode": "closest",
        "hoverlabel": {"bgcolor": "--panel", "bordercolor": "--line", "font": {"color": "--ink"}},
        "dragmode": "lasso",
        "showlegend": False,
        "uirevision": "kept",
    }


def plain_text(text: str) -> str:
    """Plotly reads a few HTML tags in its texts: in what people named nothing is one."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def label(name: str) -> str:
    """How a column is called: its key, and which value of a metric unless that is the last."""
    kind, dot, key = name.partition(".")
    if not dot:
        return name
    head, colon, which = key.rpartition(":")
    if kind == "metric" and colon and which in ("last", "min", "max", "best"):
        return head if which == "last" else f"{head} {which}"
    return key


def parallel(dots: Sequence[Dot], axes: Sequence[Column], colour: Column | None) -> Figure:
    """What parallel coordinates show. A run's `values` are numbers, words, or null, in the order of the axes."""
    columns = [_said(each) for each in axes]
    return {
        "axes": [_axis(*each) for each in zip(axes, columns, strict=True)],
        "lines": [
            {
                "run": dot.run,
                "colour": dot.colour,
                "values": [each[at] for each in columns],
            }
            for at, dot in enumerate(dots)
        ],
        "colour": None
        if colour is None
        else _axis(colour, _said(colour)) | {"values": _said(colour)},
    }


def _said(column: Column) -> list[float | None] | list[str | None]:
    """Its values as its axis has them: all numbers, or all words."""
    if column.is_numeric:
        return [None if math.isnan(each) else each for each in column.numbers]
    return [_word(each) for each in column.values]


def _word(value: float | str | None) -> str | None:
    """A value beside words: the number 1 is the word "1", here and in the browser."""
    if isinstance(value, float):
        return text_of(value) if math.isfinite(value) else None
    return value


def _axis(column: Column, said: Sequence[float | str | None]) -> Figure:
    """`low` and `high` of numbers, or the different `words`; `constant` where no two runs differ."""
    there = [each for each in said if each is not None]
    told: Figure = {
        "name": column.name,
        "label": label(column.name),
        "constant": len(set(there)) < 2,
    }
    numbers = [each for each in there if isinstance(each, float)]
    if column.is_numeric and numbers:
        low, high = min(numbers), max(numbers)
        return told | {"kind": "number", "low": low, "high": high, "can_log": low > 0}
    words = sorted({str(each) for each in there})
    return told | {"kind": "word", "words": words, "can_log": False}
