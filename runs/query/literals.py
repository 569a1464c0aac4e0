"""Values of a filter: numbers, lengths of time, moments. Plain Python, no Django."""

import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]{1,5})?\Z")
WORDS = {
    "nan": math.nan,
    **dict.fromkeys(("inf", "+inf", "infinity", "+infinity"), math.inf),
    **dict.fromkeys(("-inf", "-infinity"), -math.inf),
}
SECONDS = {"s": 1, "m": 60, "min": 60, "h": 3600, "d": 86400, "w": 7 * 86400}
SPAN_PART = re.compile(r"([0-9]+(?:\.[0-9]+)?)(min|[smhdw])")
SPAN = re.compile(rf"(?:{SPAN_PART.pattern})+\Z")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}\Z")
MINUTE = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(?:Z|[+-][0-9]{2}:?[0-9]{2})?\Z"
)
LONGEST_SPAN = 100 * 365 * 86400  # seconds
A_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Period:
    """What a moment as it was written covers: all from `begin` on that is before `end`."""

    begin: datetime
    end: datetime


def number(text: str) -> float | None:
    """The number, NaN and the infinities among them; None where it is none."""
    if text.lower() in WORDS:
        return WORDS[text.lower()]
    return float(text) if NUMBER.match(text) else None


def seconds(text: str) -> float | None:
    """A length of time in seconds: `90`, `1.5h`, `1h30m`; None where it is none."""
    if NUMBER.match(text):
        found = float(text)
    elif SPAN.match(text):
        found = sum(float(amount) * SECONDS[unit] for amount, unit in SPAN_PART.findall(text))
    else:
        return None
    return found if abs(found) <= LONGEST_SPAN else None


def period(text: str, *, now: datetime) -> Period | None:
    """A moment: `-7d`, `now`, `today`, `yesterday`, `2026-01-15`, `2026-01-15T12:30+02:00`; None where it is none.

    Without a zone it is in UTC, and so is a day.
    """
    word = text.lower()
    midnight = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    if word == "now":
        return _instant(now)
    if word in ("today", "yesterday"):
        begin = midnight if word == "today" else midnight - A_DAY
        return Period(begin, begin + A_DAY)
    if text[:1] in ("-", "+"):
        ago = seconds(text[1:]) if SPAN.match(text[1:]) else None
        if ago is None:
            return None
        return _instant(now + timedelta(seconds=ago if text[0] == "+" else -ago))
    return _written(text)


def _written(text: str) -> Period | None:
    try:
        moment = datetime.fromisoformat(text)
        zoned = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        begin = zoned.astimezone(UTC)
        if DAY.match(text):
            return Period(begin, begin + A_DAY)
        if MINUTE.match(text):
            return Period(begin, begin + timedelta(minutes=1))
        return _instant(begin)
    except (ValueError, OverflowError):
        return None


def _instant(moment: datetime) -> Period:
    return Period(moment, moment + timedelta(microseconds=1))
