"""The tables of the compare page to take along: CSV for spreadsheets, LaTeX for papers. All keys, or what differs."""

import csv
import io
import math
from collections.abc import Sequence

from dashboard import naming
from dashboard.comparing.directions import Directions
from dashboard.comparing.numbers import SHOWN
from dashboard.comparing.parts import METRICS, Part
from runs.errors import Invalid
from runs.models import Run

FORMATS = {"csv": "text/csv; charset=utf-8", "tex": "application/x-tex; charset=utf-8"}
DANGEROUS = ("=", "+", "-", "@", "\t", "\r")  # what a spreadsheet takes for a formula
SPECIAL = {
    **{letter: f"\\{letter}" for letter in "&%$#_{}"},
    **{"~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "\\": r"\textbackslash{}"},
    **{"<": r"\textless{}", ">": r"\textgreater{}", "|": r"\textbar{}"},
}


def table(
    found: Part,
    runs: Sequence[Run],
    *,
    form: str,
    shown: str,
    everything: bool,
    directions: Directions,
) -> str:
    """A table as a file. `shown`: last, min, max or best of each metric. Raises Invalid for an unknown format."""
    if form not in FORMATS:
        raise Invalid(f"there is no format {form[:20]!r}; formats are {', '.join(FORMATS)}")
    if shown not in SHOWN:
        raise Invalid(
            f"there is no value {shown[:20]!r} of a metric; values are {', '.join(SHOWN)}"
        )
    labels = naming.labels(runs)
    heads = [labels[run.key] for run in runs]
    if found.name == METRICS:
        rows = _of_metrics(found, runs, shown=shown, directions=directions)
        best = [_best(cells, directions.of_key(key)) for key, cells in rows]
    else:
        kept = [row for row in found.rows if everything or row.differs or len(runs) == 1]
        rows = [(row.key, [cell or "" for cell in row.cells]) for row in kept]
        best = [set() for _ in rows]
    if form == "csv":
        return _csv([run.key for run in runs], heads, rows)
    return _latex(heads, rows, best, rounded=found.name == METRICS)


def _of_metrics(
    found: Part, runs: Sequence[Run], *, shown: str, directions: Directions
) -> list[tuple[str, list[str]]]:
    rows = []
    for line in found.lines:
        way = directions.of_key(line.key)
        cells = []
        for run in runs:
            number = line.numbers.get(run.pk)
            value = number.value(shown, way) if number else None
            nan = number is not None and value is None
            cells.append("NaN" if nan else "" if value is None else repr(value))
        rows.append((line.key, cells))
    return rows


def _best(cells: Sequence[str], way: str) -> set[int]:
    """The places of the best values; empty where no direction is better or nobody has a number."""
    values = [float(cell) if cell else math.nan for cell in cells]
    there = [value for value in values if not math.isnan(value)]
    if not way or not there:
        return set()
    best = min(there) if way == "min" else max(there)
    return {at for at, value in enumerate(values) if value == best}


def _csv(keys: Sequence[str], heads: Sequence[str], rows: Sequence[tuple[str, list[str]]]) -> str:
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["key", *keys])
    writer.writerow(["name", *map(_guarded, heads)])
    writer.writerows([_guarded(key), *map(_guarded, cells)] for key, cells in rows)
    return buffer.getvalue()


def _guarded(text: str) -> str:
    """A text that a spreadsheet would run gets an apostrophe before it; a negative number is none."""
    if not text.startswith(DANGEROUS):
        return text
    try:
        float(text)
    except ValueError:
        return f"'{text}"
    return text


def _latex(
    heads: Sequence[str],
    rows: Sequence[tuple[str, list[str]]],
    best: Sequence[set[int]],
    *,
    rounded: bool,
) -> str:
    """A tabular for the booktabs package; the best value of a row is bold."""
    lines = [rf"\begin{{tabular}}{{l{'r' * len(heads)}}}", r"\toprule"]
    lines += [" & ".join(["", *map(escaped, heads)]) + r" \\", r"\midrule"]
    for (key, cells), bold in zip(rows, best, strict=True):
        said = [_rounded(cell) if rounded else cell for cell in cells]
        shown = [_cell(cell, bold=at in bold) for at, cell in enumerate(said)]
        lines.append(" & ".join([escaped(key), *shown]) + r" \\")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def _rounded(number: str) -> str:
    """A metric in four digits. A version (1.10) or a seed looks like a number too, and stays as it is."""
    value = float(number) if number else math.nan
    return f"{value:.4g}" if math.isfinite(value) else number


def _cell(text: str, *, bold: bool) -> str:
    return rf"\textbf{{{escaped(text)}}}" if bold else escaped(text)


def escaped(text: str) -> str:
    """A text that LaTeX prints as it stands, in one line."""
    return "".join(SPECIAL.get(letter, letter) for letter in " ".join(text.split()))
