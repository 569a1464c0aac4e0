"""Lengths of time as people type them."""

import re

PERIOD = re.compile(r"(?:(\d{1,4})d)?\s*(?:(\d{1,5})h)?\s*(?:(\d{1,6})m)?\s*(?:(\d{1,8})s?)?")
LONGEST = 365 * 86400


def seconds_of(text: str) -> int | None:
    """`90`, `90s`, `30m`, `2h`, `1d 12h` in seconds; None where it is none of these, or no time at all."""
    found = PERIOD.fullmatch(text.strip().lower())
    if found is None:
        return None
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    total = ((days * 24 + hours) * 60 + minutes) * 60 + seconds
    return total if 0 < total <= LONGEST else None
