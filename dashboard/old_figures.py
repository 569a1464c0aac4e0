"""Plotly figures as plain dictionaries: pure functions from points to what the browser draws.

Colours are the names of custom properties in tokens.css ("--series-3", with "/0.16" for a share of opacity): the
browser puts in what they mean in the theme of the moment. `meta` tells the page's script what a trace is, so that it
can append points and smooth lines without asking again.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from runs.points import Points, Thinned

Axis = Literal["step", "time"]
Figure = dict[str, Any]

AXES: dict[str, Axis] = {"step": "step", "time": "time"}
FEW_POINTS = 30
DASHES = ("solid", "dash", "dot", "dashdot")


@dataclass(frozen=True, slots=True)
class Curve:
    """A series of a run in a chart: `count` points in all; time counts from the second `origin`.

    `nans` of the points are NaN, the first of them at step `first_nan`; None where steps are in no order.
    """

    run: str
    label: str
    attempt: int
    colour: int
    dash: int
    thinned: Thinned
    count: int
    origin: float
    writer: str = ""  # the main one's name
    first_nan: int | None = None
    nans: int = 0


def metric(key: str, curves: Sequence[Curve], *, axis: Axis = "step", left_out: int = 0) -> Figure:
    """A chart of one metric: per curve a band of extremes where points were thinned, the line, and marks for NaN.

    It says how many curves were left out.
    """
    data = [trace for index, curve in enumerate(curves) for trace in _traces(index, curve, axis)]
    layout = _layout(axis, named=len(curves) > 1)
    if left_out:
        layout["annotations"] = [_note(f"{left_out} more are not drawn")]
    return {"data": data, "layout": layout, "meta": {"key": key}}


def _note(text: str) -> Figure:
    """A remark in the upper right corner of the plot."""
    corner = {"xref": "paper", "yref": "paper", "x": 1, "y": 1, "xanchor": "right"}
    return corner | {"text": text, "showarrow": False, "font": {"color": "--ink-soft", "size": 11}}


def _traces(index: int, curve: Curve, axis: Axis) -> Iterable[Figure]:
    x = _along(curve.thinned.points, axis, curve.origin)
    colour = f"--series-{curve.colour}"
    if not curve.thinned.exact:
        yield _edge("low", index, x, curve.thinned.minimum)
        yield _edge("high", index, x, curve.thinned.maximum) | {
            "fill": "tonexty",
            "fillcolor": f"{colour}/0.16",
        }
    yield {
        "type": "scatter",
        # A point between two gaps is no line: where points are few, each is marked.
        "mode": "lines+markers" if len(x) <= FEW_POINTS else "lines",
        "name": curve.label,
        "x": x,
        "y": _finite(curve.thinned.points.values),
        "connectgaps": False,
        "line": {"color": colour, "width": 1.75, "dash": DASHES[curve.dash % len(DASHES)]},
        "hovertemplate": "%{y:.5g}<extra>%{fullData.name}</extra>",
        "meta": {
            "role": "line",
            "curve": index,
            "run": curve.run,
            "writer": curve.writer,
            "attempt": curve.attempt,
            "count": curve.count,
            "exact": curve.thinned.exact,
            "origin": curve.origin,
            "colour": colour,
        },
    }
    yield from _oddities(index, curve, axis, x)


def _edge(role: str, index: int, x: list[float], y: NDArray[np.float64]) -> Figure:
    return {
        "type": "scatter",
        "mode": "lines",
        "x": x,
        "y": _finite(y),
        "line": {"width": 0},
        "hoverinfo": "skip",
        "showlegend": False,
        "meta": {"role": role, "curve": index},
    }


def _oddities(index: int, curve: Curve, axis: Axis, x: list[float]) -> Iterable[Figure]:
    """A triangle where a value is no finite number, at the height of the last one that was."""
    values = curve.thinned.points.values
    places, hidden = np.flatnonzero(~np.isfinite(values)).tolist(), _hidden_nan(curve)
    heights = _last_finite(values) if places or hidden is not None else []
    marks = [(x[place], heights[place], _name(float(values[place]))) for place in places]
    if hidden is not None:
        at = curve.first_nan if axis == "step" and curve.first_nan is not None else x[hidden]
        marks.append((at, heights[hidden], f"NaN, the first of {curve.nans}"))
    if marks:
        yield {
            "type": "scatter",
            "mode": "markers",
            "x": [mark[0] for mark in marks],
            "y": [mark[1] for mark in marks],
            "text": [mark[2] for mark in marks],
            "hovertemplate": "%{text}<extra>" + "%{fullData.name}</extra>",
            "name": curve.label,
            "showlegend": False,
            "marker": {"symbol": "triangle-up", "size": 10, "color": "--bad"},
            "meta": {"role": "odd", "curve": index},
        }


def _hidden_nan(curve: Curve) -> int | None:
    """The bucket in which the first NaN lies, where thinning left it out."""
    points = curve.thinned.points
    if curve.thinned.exact or curve.first_nan is None or not len(points):
        return None
    place = int(np.searchsorted(points.steps, curve.first_nan))
    if place == len(points):  # it came after the rest was read
        return None
    shown = points.steps[place] == curve.first_nan and np.isnan(points.values[place])
    return None if shown else place


def _name(value: float) -> str:
    return "NaN" if math.isnan(value) else ("Infinity" if value > 0 else "-Infinity")


def _last_finite(values: NDArray[np.float64]) -> list[float]:
    height, heights = 0.0, []
    for each in values.tolist():
        height = each if math.isfinite(each) else height
        heights.append(height)
    return heights


def _along(points: Points, axis: Axis, origin: float) -> list[float]:
    if axis == "time":
        return [round(each - origin, 3) for each in points.times.tolist()]
    return [float(each) if abs(each) > 2**53 else each for each in points.steps.tolist()]


def _finite(values: NDArray[np.float64]) -> list[float | None]:
    """NaN and infinities become gaps: JSON has no word for them and a line has no place."""
    return [each if math.isfinite(each) else None for each in values.tolist()]


def _layout(axis: Axis, *, named: bool) -> Figure:
    line = {
        "gridcolor": "--chart-grid",
        "zeroline": False,
        "linecolor": "--chart-grid",
        "tickfont": {"color": "--ink-soft", "size": 11},
        "automargin": True,
        "type": "linear",
    }
    seconds = {"ticksuffix": " s"} if axis == "time" else {}
    return {
        "height": 240,
        "margin": {"l": 44, "r": 12, "t": 8, "b": 24},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--ink-soft"},
        "xaxis": line | {"nticks": 6} | seconds,
        "yaxis": line | {"nticks": 6, "exponentformat": "power"},
        "hovermode": "x unified" if named else "closest",
        "hoverlabel": {"bgcolor": "--panel", "bordercolor": "--line", "font": {"color": "--ink"}},
        "showlegend": False,
        "dragmode": "zoom",
        "uirevision": "kept",  # a zoom stays when points arrive
    }
