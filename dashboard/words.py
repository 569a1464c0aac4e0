"""How numbers, sizes and times read on a page. Plain Python; the scripts that tick say the same."""

import json
import math
from datetime import datetime
from typing import Any

from jobs.phrases import memory as memory
from jobs.phrases import plural as plural

NOTHING = "\N{EN DASH}"  # where there is no value
UNITS = ("B", "KiB", "MiB", "GiB", "TiB")


def duration(seconds: float | None) -> str:
    """`0.4 s`, `12 s`, `3 m 05 s`, `2 h 07 m`, `3 d 04 h`; a dash where there is none."""
    if seconds is None:
        return NOTHING
    if seconds < 1:
        return f"{max(math.floor(seconds * 10) / 10, 0):.1f} s"
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} m {whole % 60:02} s"
    if whole < 86400:
        return f"{whole // 3600} h {whole % 3600 // 60:02} m"
    return f"{whole // 86400} d {whole % 86400 // 3600:02} h"


def ago(seconds: float) -> str:
    """How long past, in one unit."""
    for size, unit in ((86400, "d"), (3600, "h"), (60, "min"), (1, "s")):
        if seconds >= size:
            return f"{int(seconds // size)} {unit} ago"
    return "just now"


def number(value: float | None) -> str:
    """Four significant digits; whole numbers as they are; NaN where there is no number."""
    if value is None or math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "-∞"
    size = abs(value)
    if size < 1e7 and value == int(value):
        return str(int(value))
    if size >= 1e5 or size < 1e-4:
        return _scientific(value)
    if size >= 1e4:
        return f"{_tie_up(value, 0):.0f}"
    text = f"{_tie_up(value, 3 - math.floor(math.log10(size))):.4g}"
    return f"{float(text):g}" if "e" in text else text  # 9999.6 is 10000, not 1e+04


def _scientific(value: float) -> str:
    digits, _, power = f"{value:.3e}".partition("e")
    return f"{digits}e{int(power)}"


def _tie_up(value: float, places: int) -> float:
    """The value, or where it lies exactly between two decimals, the one further from zero, as browsers round."""
    power = 10.0**places
    doubled = value * power * 2
    if doubled != math.floor(doubled) or doubled % 2 == 0 or places > 4:
        return value
    return (value * power + math.copysign(0.5, value)) / power


def size(count: float) -> str:
    """Bytes in the largest unit that keeps the number above 1."""
    unit = 0
    while count >= 1024 and unit < len(UNITS) - 1:
        count /= 1024
        unit += 1
    places = 1 if unit and count < 10 else 0
    return f"{_tie_up(count, places):.{places}f} {UNITS[unit]}"


def value(thing: Any) -> str:
    """Any JSON value in one line, as it would be typed in a config."""
    if isinstance(thing, str):
        return thing
    if isinstance(thing, float):
        return f"{thing:.6g}"
    return json_line(thing)


def json_line(thing: Any) -> str:
    """A text as it is, everything else as JSON in one line; what nests deeper than the stack is, in words."""
    if isinstance(thing, str):
        return thing
    try:
        return json.dumps(thing, ensure_ascii=False)
    except RecursionError:
        return "(nested too deeply to be shown)"


NO_NUMBERS = {"Infinity": "∞", "-Infinity": "-∞"}  # as JSON has them here


def cell(thing: Any) -> str:
    """A value in a table that a program logged: numbers in six digits, nothing where there is nothing."""
    if thing is None:
        return ""
    if isinstance(thing, str):
        return NO_NUMBERS.get(thing, thing)
    if isinstance(thing, float) and not math.isfinite(thing):
        return number(thing)
    return value(thing)


def commit(told: str) -> str:
    """A hash as people say it; all of it stands in the tooltip."""
    return told[:10]


def utc(moment: datetime) -> str:
    """The exact time, for a tooltip."""
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
