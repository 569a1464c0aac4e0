"""A table for a paper: booktabs, means with their deviation, nothing that LaTeX would take for a command."""

import math
from collections.abc import Iterable, Sequence
from datetime import datetime

from dashboard import words
from dashboard.table.shown import Cell, Column

ESCAPES = {
    "\\": r"\textbackslash{}",
    **{each: f"\\{each}" for each in "&%$#_{}"},
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
}


def latex(columns: Sequence[Column], lines: Iterable[Sequence[Cell]]) -> str:
    """A `tabular` environment; needs \\usepackage{booktabs}."""
    places = "".join("r" if each.numeric else "l" for each in columns)
    out = [
        "% needs \\usepackage{booktabs}",
        f"\\begin{{tabular}}{{{places}}}",
        "\\toprule",
        " & ".join(escaped(each.name) for each in columns) + r" \\",
        "\\midrule",
        *(" & ".join(_cell(each) for each in line) + r" \\" for line in lines),
        "\\bottomrule",
        "\\end{tabular}",
    ]
    return "\n".join(out) + "\n"


def escaped(text: str) -> str:
    """The text as LaTeX prints it; line breaks and other control characters become spaces."""
    return "".join(ESCAPES.get(each, each if each.isprintable() else " ") for each in text)


def number(value: float, *, exact: bool = False) -> str:
    """`$1.234 \\times 10^{-5}$`, `$-3$`, `$\\infty$`; an `exact` one has all of its digits."""
    text = str(value) if exact and math.isfinite(value) else words.number(value)
    if text == "NaN":
        return text
    text = text.replace("∞", r"\infty")
    digits, exponent, power = text.partition("e")
    return f"${digits} \\times 10^{{{int(power)}}}$" if exponent else f"${text}$"


def _cell(cell: Cell) -> str:
    value = cell.value
    if cell.kind == "blank":
        return "--"
    if cell.kind == "nan":
        return "NaN"
    if cell.kind == "mean":
        mean = number(value)
        return f"{mean} $\\pm$ {number(cell.spread)}" if cell.spread is not None else mean
    if cell.kind == "number":
        return number(value, exact=_is_setting(cell))
    return escaped(_text(cell))


def _is_setting(cell: Cell) -> bool:
    """A learning rate, a seed, a count: what somebody chose is not rounded as what was measured is."""
    return cell.column.kind == "config" or isinstance(cell.value, int)


def _text(cell: Cell) -> str:
    value = cell.value
    if cell.kind == "elapsed":
        begin, end = value
        return words.duration((end - begin).total_seconds()) if end else "running"
    if isinstance(value, datetime):
        return words.utc(value)
    if cell.kind == "alerts":
        return str(sum(value.values()))
    if cell.kind == "commit":
        return words.commit(value)
    if cell.kind == "tags":
        return ", ".join(map(str, value))
    return words.value(value)
