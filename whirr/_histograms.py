"""Values counted into bins. numpy does it where the values are numpy's already; it is never imported."""

from __future__ import annotations

import bisect
import sys
from collections.abc import Iterable
from typing import Any

from whirr import _values

MOST_BINS = 512


def histogram(
    values: Any, *, bins: int, edges: Iterable[Any] | None, counts: Iterable[Any] | None
) -> dict[str, Any]:
    """`{"edges": [n + 1 numbers], "counts": [n numbers]}`; `nonfinite` says how many values were NaN or infinite.

    Raises TypeError or ValueError for what cannot be counted.
    """
    if values is None:
        if edges is None or counts is None:
            raise ValueError("a histogram needs values, or edges= and counts=")
        return _given(edges, counts)
    if edges is not None or counts is not None:
        raise ValueError("a histogram is given as values, or as edges= and counts=, not as both")
    if isinstance(bins, bool) or not isinstance(bins, int) or not 0 < bins <= MOST_BINS:
        raise ValueError(f"bins={bins!r}: a histogram has 1 to {MOST_BINS} bins")
    numpy = sys.modules.get("numpy")
    if numpy is not None and hasattr(values, "detach"):
        values = values.detach().cpu().float().numpy()
    if numpy is not None and isinstance(values, numpy.ndarray):
        return _counted_by_numpy(numpy, values.ravel(), bins)
    return _counted(values, bins)


def _given(edges: Iterable[Any], counts: Iterable[Any]) -> dict[str, Any]:
    at = [_values.number(edge) for edge in edges]
    found = [_values.number(count) for count in counts]
    if len(at) != len(found) + 1 or not 0 < len(found) <= MOST_BINS:
        raise ValueError(
            f"{len(at)} edges and {len(found)} counts: n counts (up to {MOST_BINS}) need n + 1 edges"
        )
    if any(not low < high for low, high in zip(at, at[1:])) or at[0] - at[-1] == -float("inf"):
        raise ValueError("the edges of a histogram rise, and are finite")
    if any(not 0 <= count < float("inf") for count in found):
        raise ValueError("the counts of a histogram are finite and not below 0")
    return {"edges": at, "counts": found}


def _counted_by_numpy(numpy: Any, values: Any, bins: int) -> dict[str, Any]:
    floats = values.astype("float64")
    finite = floats[numpy.isfinite(floats)]
    if not finite.size:
        raise ValueError("a histogram needs at least one finite value")
    counts, edges = numpy.histogram(finite, bins=bins)
    return _told(edges.tolist(), counts.tolist(), int(values.size - finite.size))


def _counted(values: Any, bins: int) -> dict[str, Any]:
    """As numpy.histogram does it: bins of one width from the least to the largest value, the last one closed."""
    numbers = [float(_values.number(value)) for value in _flat(values)]
    finite = [number for number in numbers if number - number == 0]
    if not finite:
        raise ValueError("a histogram needs at least one finite value")
    low, high = min(finite), max(finite)
    if low == high:
        low, high = low - 0.5, high + 0.5
    width = high / bins - low / bins  # not their difference: that may be infinite
    edges = [*(low + width * number for number in range(bins)), high]
    counts = [0] * bins
    for number in finite:
        counts[min(bisect.bisect_right(edges, number), bins) - 1] += 1
    return _told(edges, counts, len(numbers) - len(finite))


def _told(edges: list[float], counts: list[int], nonfinite: int) -> dict[str, Any]:
    told: dict[str, Any] = {"edges": edges, "counts": counts}
    return {**told, "nonfinite": nonfinite} if nonfinite else told


def _flat(values: Any) -> list[Any]:
    if hasattr(values, "detach"):
        values = values.detach().cpu()
    nested = values.tolist() if hasattr(values, "tolist") else list(values)
    while isinstance(nested, list) and nested and isinstance(nested[0], (list, tuple)):
        nested = [value for row in nested for value in row]
    return nested if isinstance(nested, list) else [nested]
