"""Histograms as figures: nothing that was counted is lost, whatever the edges."""

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dashboard import figures_media
from dashboard.figures_media import Histogram, histograms, read, rebinned


def one(edges: list[float], counts: list[float], at: str = "0") -> Histogram:
    return Histogram(at, np.array(edges, dtype=float), np.array(counts, dtype=float))


def test_a_single_one_is_drawn_as_bars_of_its_own_widths() -> None:
    (trace,) = histograms([one([0, 1, 4], [2, 6])], key="w")["data"]
    assert (trace["type"], trace["x"], trace["y"]) == ("bar", [0.5, 2.5], [2, 6])
    assert trace["width"] == [1, 3]


def test_several_are_columns_of_a_heat_map_as_shares_of_their_step() -> None:
    found = [one([0, 1, 2], [1, 3], "0"), one([0, 1, 2], [0, 0], "10")]
    figure = histograms(found, key="w")
    (trace,) = figure["data"]
    assert (trace["type"], trace["x"], trace["y"]) == ("heatmap", ["0", "10"], [0.5, 1.5])
    assert trace["z"] == [[0.25, 0], [0.75, 0]]
    assert figure["meta"] == {"key": "w"}


@settings(max_examples=40, deadline=None)
@given(
    edges=st.lists(st.floats(-1e6, 1e6), min_size=2, max_size=20).map(sorted),
    data=st.data(),
)
def test_other_edges_keep_what_was_counted(edges: list[float], data: st.DataObject) -> None:
    counts = data.draw(
        st.lists(st.integers(0, 1000), min_size=len(edges) - 1, max_size=len(edges) - 1)
    )
    low, high = edges[0] - 1, edges[-1] + 1
    moved = rebinned(one(edges, list(map(float, counts))), np.linspace(low, high, 13))
    assert math.isclose(float(moved.sum()), sum(counts), rel_tol=1e-9, abs_tol=1e-9)
    assert (moved >= -1e-9).all()


@pytest.mark.parametrize(
    "edges", [[[0, 1], [0, 2]], [[0, 0], [0, 0]], [[-1e308, 1e308], [0, 1]], [[0, 1], [5, 6]]]
)
def test_steps_of_different_edges_share_an_axis_of_finite_numbers(edges: list[list[float]]) -> None:
    found = [one(each, [1.0], str(place)) for place, each in enumerate(edges)]
    (trace,) = histograms(found, key="w")["data"]
    assert all(math.isfinite(each) for each in trace["y"])
    assert all(math.isfinite(each) for row in trace["z"] for each in row)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"edges": [0, 1], "counts": [1, 2]},
        {"edges": [1, 0], "counts": [1]},
        {"edges": [0, "NaN"], "counts": [1]},
        {"edges": [0, 1], "counts": ["Infinity"]},
        {"edges": [0, 1], "counts": [-1]},
        {"edges": [0, 10**400], "counts": [1]},
        {"edges": [0], "counts": []},
        {"edges": [True, 2], "counts": [1]},
        {"edges": "01", "counts": {}},
        {"edges": list(range(figures_media.BINS_MOST + 2)), "counts": [1] * 4097},
    ],
)
def test_what_is_no_histogram_is_left_out(body: dict[str, Any]) -> None:
    assert read(body, "0") is None
