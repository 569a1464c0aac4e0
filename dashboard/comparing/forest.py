"""Extremely randomised trees (Geurts, Ernst, Wehenkel 2006, "Extremely randomized trees", Machine Learning 63) for
regression on some hundred rows, and permutation importance (Breiman 2001, "Random Forests", section 10).

numpy and no Django. Each tree learns from a bootstrap sample; the rows that it did not see are those on which its
error is measured, before and after a column is shuffled.
"""

import time
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SMALLEST_LEAF = 3
DEEPEST = 24


@dataclass(frozen=True, slots=True)
class Importance:
    """`score`: how much of the variance of unseen rows the trees explain (R², at most 1). `drops`: how much of that is
    lost when a column is shuffled, and `spread` its standard deviation over the trees."""

    score: float
    drops: Floats
    spread: Floats
    trees: int


@dataclass(frozen=True, slots=True)
class _Node:
    """A leaf where `column` is -1."""

    value: float
    column: int = -1
    threshold: float = 0.0
    left: "_Node | None" = None
    right: "_Node | None" = None


def importance(
    x: Floats, y: Floats, *, trees: int = 100, seconds: float = 5.0, seed: int = 0
) -> Importance:
    """Permutation importance of the columns of `x` (rows by columns, finite) for `y`, out of bag.

    Stops after `seconds`, with at least one tree; `trees` of the answer says how many there are.
    """
    random = np.random.default_rng(seed)
    until = time.monotonic() + seconds
    variance = float(y.var()) if len(y) else 0.0
    if not x.shape[1] or variance == 0:
        return Importance(0.0, np.zeros(x.shape[1]), np.zeros(x.shape[1]), 0)
    scores, drops = [], []
    for number in range(trees):
        if number and time.monotonic() > until:
            break
        sample = random.integers(0, len(y), len(y))
        unseen = np.setdiff1d(np.arange(len(y)), sample)
        if len(unseen) < 2:
            continue
        tree = _grown(x[sample], y[sample], random, 0)
        error, shuffled = _errors(tree, x[unseen], y[unseen], random)
        scores.append(1 - error / variance)
        drops.append((shuffled - error) / variance)
    if not drops:
        return Importance(0.0, np.zeros(x.shape[1]), np.zeros(x.shape[1]), 0)
    told = np.array(drops)
    return Importance(float(np.mean(scores)), told.mean(axis=0), told.std(axis=0), len(drops))


def _errors(tree: _Node, x: Floats, y: Floats, random: np.random.Generator) -> tuple[float, Floats]:
    """The mean squared error on these rows, and with each column shuffled in turn."""
    error = float(np.mean((predicted(tree, x) - y) ** 2))
    shuffled = np.empty(x.shape[1])
    for column in range(x.shape[1]):
        mixed = x.copy()
        mixed[:, column] = random.permutation(mixed[:, column])
        shuffled[column] = np.mean((predicted(tree, mixed) - y) ** 2)
    return error, shuffled


def _grown(x: Floats, y: Floats, random: np.random.Generator, depth: int) -> _Node:
    value = float(y.mean())
    if len(y) < 2 * SMALLEST_LEAF or depth >= DEEPEST or float(y.min()) == float(y.max()):
        return _Node(value)
    split = _best_split(x, y, random)
    if split is None:
        return _Node(value)
    column, threshold = split
    below = x[:, column] < threshold
    left = _grown(x[below], y[below], random, depth + 1)
    right = _grown(x[~below], y[~below], random, depth + 1)
    return _Node(value, column, threshold, left, right)


def _best_split(x: Floats, y: Floats, random: np.random.Generator) -> tuple[int, float] | None:
    """One random threshold for each column that varies; the one that leaves the least variance."""
    low, high = x.min(axis=0), x.max(axis=0)
    thresholds = random.uniform(low, high)
    below = x < thresholds
    counts = below.sum(axis=0)
    total, squares = float(y.sum()), float((y**2).sum())
    sums = y @ below
    with np.errstate(divide="ignore", invalid="ignore"):
        left = squares - sums**2 / counts - (total - sums) ** 2 / (len(y) - counts)
    smallest = np.minimum(counts, len(y) - counts)
    left = np.where((smallest >= SMALLEST_LEAF) & (low < high), left, np.inf)
    column = int(np.argmin(left))
    return (column, float(thresholds[column])) if np.isfinite(left[column]) else None


def predicted(tree: _Node, x: Floats) -> Floats:
    """What a tree says to each row."""
    out = np.empty(len(x))
    waiting = [(tree, np.arange(len(x)))]
    while waiting:
        node, rows = waiting.pop()
        if node.left is None or node.right is None:
            out[rows] = node.value
            continue
        below = x[rows, node.column] < node.threshold
        waiting += [(node.left, rows[below]), (node.right, rows[~below])]
    return out
