"""The histograms of one key as a figure: as many steps as a chart has room for, the first and the last among them."""

import numpy as np

from dashboard import figures_media, media, writers
from dashboard.figures import Figure
from runs.models import EventKind, Run

STEPS_DRAWN = 120


def draw(run: Run, attempt: int, key: str) -> tuple[Figure | None, int]:
    """The figure, None where there is nothing to draw, and how many histograms could not be read."""
    found = media.of_key(run, attempt, EventKind.HISTOGRAM, key)
    rows = list(found.values_list("pk", "step", "index", "writer"))
    several = len({writer for *_, writer in rows}) > 1
    places = np.unique(np.linspace(0, len(rows) - 1, min(len(rows), STEPS_DRAWN)).round())
    chosen = [rows[int(place)] for place in places]
    bodies = dict(found.filter(pk__in=[pk for pk, *_ in chosen]).values_list("pk", "body"))
    read = []
    for pk, step, index, writer in chosen:
        at = str(index if step is None else step)
        label = f"{at} · {writers.label(writer)}" if several else at
        read.append(figures_media.read(bodies.get(pk, {}), label))
    good = [each for each in read if each is not None]
    drawn = figures_media.histograms(good, key=key) if good else None
    return drawn, len(read) - len(good)
