"""Overviews of a series at several levels: columns of buckets, how they are packed, and how the next level is made.

A bucket of level n holds SIZE x FACTOR**(n - 1) neighbouring points. numpy alone; what is a `Thinned` elsewhere is
the same here, since a level is a series that is thinned evenly.
"""

import numpy as np

from runs.points import Packed, Points, Thinned, as_they_are, folded

SIZE = 16  # points in a bucket of level 1
FACTOR = 4  # buckets of a level in one of the next
ROW = 1024  # buckets in a row of the table
# The coarsest level of which a stretch holds whole buckets, so that it reaches as far as merging does.
EVEN = 5
COLUMNS = 5


def size_of(level: int) -> int:
    """Points in a bucket; level 0 is the points themselves."""
    return 1 if level == 0 else SIZE * FACTOR ** (level - 1)


def coarsest(merged: int, points: float, width: int) -> int:
    """The coarsest level that has at least `width` buckets for so many points of a series; 0 where none has."""
    level = 0
    while points >= width * size_of(level + 1) and merged >= size_of(level + 1):
        level += 1
    return level


def of_points(points: Points) -> Thinned:
    """Level 1; the number of points is a multiple of SIZE."""
    return _every(as_they_are(points), SIZE)


def coarser(buckets: Thinned) -> Thinned:
    """The next level; a rest of less than FACTOR buckets is left out."""
    whole = len(buckets.points) // FACTOR * FACTOR
    return _every(buckets.at(slice(0, whole)), FACTOR)


def _every(fine: Thinned, step: int) -> Thinned:
    return folded(fine, np.arange(0, len(fine.points), step))


def join(parts: list[Thinned]) -> Thinned:
    """One after the other. There is at least one."""
    if len(parts) == 1:
        return parts[0]
    return Thinned(
        Points.join([part.points for part in parts]),
        np.concatenate([part.minimum for part in parts]),
        np.concatenate([part.maximum for part in parts]),
        np.concatenate([part.counts for part in parts]),
        exact=all(part.exact for part in parts),
    )


def pack(buckets: Thinned) -> bytes:
    """As `Overview.data` keeps them."""
    steps, values, times = buckets.points.pack()
    extremes = (buckets.minimum, buckets.maximum)
    edges = [each.astype("<f8", copy=False).tobytes() for each in extremes]
    return b"".join([steps, times, values, *edges])


def unpack(data: Packed, *, level: int) -> Thinned:
    """The other way round."""
    numbers = np.frombuffer(data, dtype="<f8").reshape(COLUMNS, -1)
    steps = np.frombuffer(data, dtype="<i8", count=numbers.shape[1])
    points = Points(steps, numbers[2], numbers[1])
    counts = np.full(len(steps), size_of(level), dtype=np.int64)
    return Thinned(points, numbers[3], numbers[4], counts, exact=False)
