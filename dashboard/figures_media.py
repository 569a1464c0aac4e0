"""Histograms over the steps of a run as Plotly figures: pure functions, like those of figures.py."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dashboard.figures import Figure

BINS = 48  # of all steps together, where their own edges differ
BINS_MOST = 4096  # of one histogram that is drawn


@dataclass(frozen=True, slots=True)
class Histogram:
    """`counts[i]` values lie between `edges[i]` and `edges[i + 1]`; edges rise. `at` says of which step it is."""

    at: str
    edges: NDArray[np.float64]
    counts: NDArray[np.float64]


def read(body: dict[str, Any], at: str) -> Histogram | None:
    """The histogram that an event tells; None where it is none that can be drawn."""
    edges, counts = _numbers(body.get("edges")), _numbers(body.get("counts"))
    if edges is None or counts is None or len(edges) != len(counts) + 1 or not len(counts):
        return None
    if len(counts) > BINS_MOST or (np.diff(edges) < 0).any() or (counts < 0).any():
        return None
    return Histogram(at, edges, counts)


def _numbers(said: object) -> NDArray[np.float64] | None:
    plain = isinstance(said, list) and all(type(each) in (int, float) for each in said)
    if not plain:
        return None
    try:
        numbers = np.array(said, dtype=np.float64)
    except OverflowError:
        return None
    return numbers if np.isfinite(numbers).all() else None


def histograms(found: Sequence[Histogram], *, key: str) -> Figure:
    """One step as bars; several as a heat map: steps along, values upwards, as deep as their share of their step."""
    return _bars(found[0], key) if len(found) == 1 else _heat_map(found, key)


def _bars(one: Histogram, key: str) -> Figure:
    trace = {
        "type": "bar",
        "x": ((one.edges[:-1] + one.edges[1:]) / 2).tolist(),
        "y": one.counts.tolist(),
        "width": np.diff(one.edges).tolist(),
        "customdata": np.stack([one.edges[:-1], one.edges[1:]], axis=1).tolist(),
        "marker": {"color": "--series-0"},
        "hovertemplate": "%{customdata[0]:.4g} … %{customdata[1]:.4g}: %{y}<extra></extra>",
    }
    return {"data": [trace], "layout": _layout() | {"bargap": 0}, "meta": {"key": key}}


def _heat_map(found: Sequence[Histogram], key: str) -> Figure:
    edges = common_edges(found)
    shares = np.stack([share(rebinned(each, edges)) for each in found], axis=1)
    trace = {
        "type": "heatmap",
        "x": [each.at for each in found],
        "y": ((edges[:-1] + edges[1:]) / 2).tolist(),
        "z": np.round(shares, 6).tolist(),
        "colorscale": [[0, "--panel"], [1, "--series-0"]],
        "showscale": False,
        # Without any gap Plotly asks for a style in the page, which its policy forbids.
        "ygap": 0.01,
        "hovertemplate": "step %{x}<br>about %{y:.4g}: %{z:.1%}<extra></extra>",
    }
    layout = _layout()
    layout["xaxis"] |= {"type": "category", "nticks": 6}
    return {"data": [trace], "layout": layout, "meta": {"key": key}}


def common_edges(found: Sequence[Histogram]) -> NDArray[np.float64]:
    """The edges that all have, or else equal steps from the lowest to the highest."""
    first = found[0].edges
    if all(np.array_equal(first, each.edges) for each in found):
        return first
    low = min(float(each.edges[0]) for each in found)
    high = max(float(each.edges[-1]) for each in found)
    if not math.isfinite(high - low):  # halves, so that their difference stays a number
        low, high = low / 2, high / 2
    return np.linspace(low, high if high > low else low + 1.0, BINS + 1)


def rebinned(one: Histogram, edges: NDArray[np.float64]) -> NDArray[np.float64]:
    """Its counts between other edges: values are taken to lie evenly within a bin, so that the sum stays.

    The cumulated counts are interpolated between the old edges; a bin of no width is one step of them.
    """
    if np.array_equal(one.edges, edges):
        return one.counts
    cumulated = np.concatenate([[0.0], np.cumsum(one.counts)])
    return np.diff(np.interp(edges, one.edges, cumulated, left=0.0, right=float(cumulated[-1])))


def share(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    """Parts of 1; zeros where nothing was counted."""
    total = float(counts.sum())
    return counts / total if total else counts


def _layout() -> Figure:
    line = {
        "gridcolor": "--chart-grid",
        "zeroline": False,
        "linecolor": "--chart-grid",
        "tickfont": {"color": "--ink-soft", "size": 11},
        "automargin": True,
    }
    return {
        "height": 240,
        "margin": {"l": 44, "r": 12, "t": 8, "b": 24},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"family": "system-ui, sans-serif", "size": 12, "color": "--ink-soft"},
        "xaxis": dict(line),
        # "power" would write exponents in smaller letters by a style, which the policy forbids.
        "yaxis": line | {"nticks": 6, "exponentformat": "e"},
        "hoverlabel": {"bgcolor": "--panel", "bordercolor": "--line", "font": {"color": "--ink"}},
        "showlegend": False,
        "dragmode": "zoom",
        "uirevision": "kept",
    }
