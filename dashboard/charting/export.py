"""Points of charts as CSV, in pieces: however many there are, memory holds a few thousand of them."""

import csv
import io
import logging
from collections.abc import Iterator, Sequence

from dashboard import naming
from dashboard.charting.shown import Shown, series
from runs.models import Series
from runs.series import stored
from runs.series.stored import Range

log = logging.getLogger(__name__)
POINTS_AT_ONCE = 50_000
BROKEN = "the server failed here: this file is not whole\n"
HEADER = ("run", "name", "attempt", "key", "writer", "step", "time", "value")


def points(shown: Sequence[Shown], keys: Sequence[str]) -> Iterator[str]:
    """Lines of CSV: every point of these metrics as it was logged, series by series; time in seconds since 1970.

    A text that a spreadsheet would take for a formula has an apostrophe before it. Which series there are is read at
    once, not with the first line, so that what is wrong with the question is answered as such.
    """
    names = naming.labels([each.run for each in shown])
    return _ended(_pieces(series(shown, keys=keys), names))


def _pieces(found: Sequence[Series], names: dict[str, str]) -> Iterator[str]:
    yield _lines([HEADER])
    for each in found:
        plain = (each.run.key, names[each.run.key], each.attempt, each.key, each.writer)
        about = [harmless(text) if isinstance(text, str) else text for text in plain]
        yield from _of_series(each, about)


def _ended(pieces: Iterator[str]) -> Iterator[str]:
    """The same; a failure on the way ends the file with a line that says so: what raises would never end."""
    try:
        yield from pieces
    except Exception:
        log.exception("a file of points could not be written to its end")
        yield BROKEN


def _of_series(each: Series, about: Sequence[object]) -> Iterator[str]:
    for start in range(0, each.count, POINTS_AT_ONCE):
        wanted = Range(each.pk, start, min(start + POINTS_AT_ONCE, each.count))
        found = stored.points_in([wanted])[each.pk]
        columns = (found.steps.tolist(), found.times.tolist(), found.values.tolist())
        yield _lines([[*about, *row] for row in zip(*columns, strict=True)])


def harmless(text: str) -> str:
    """The text for a cell of a spreadsheet, which runs what begins with =, +, -, @, a tab or a return."""
    return f"'{text}" if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def _lines(rows: Sequence[Sequence[object]]) -> str:
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows(rows)
    return out.getvalue()
