"""The range of an array: `0-99`, `1,3,5-9`, `0-20:5`, each with `%8` for the most at a time. As Slurm writes it."""

import re
from dataclasses import dataclass

from jobs.errors import Invalid

MOST_MEMBERS = 10_000
MOST_INDEX = 2**31 - 1

_PART = re.compile(r"(\d{1,10})(?:-(\d{1,10})(?::(\d{1,10}))?)?\Z", re.ASCII)


@dataclass(frozen=True, slots=True)
class Range:
    """Indices in the order of their starting, and how many may be queued or running at a time (None: all)."""

    indices: tuple[int, ...]
    max_active: int | None


def parse(spec: str) -> Range:
    """Raises Invalid with an example where the text is no range, or is too long."""
    listed, percent, limit = spec.replace(" ", "").partition("%")
    if percent and (not re.fullmatch(r"\d{1,9}", limit, re.ASCII) or int(limit) < 1):
        raise _refusal(spec, "after % stands how many may run at a time, from 1 on")
    indices: dict[int, None] = {}
    for part in listed.split(","):
        for index in _indices(part, spec):
            indices[index] = None
        if len(indices) > MOST_MEMBERS:
            raise _refusal(spec, f"an array has at most {MOST_MEMBERS} members")
    return Range(tuple(indices), int(limit) if percent else None)


def _indices(part: str, spec: str) -> range:
    found = _PART.match(part)
    if found is None:
        raise _refusal(spec, f"{part!r} is neither a number nor a range")
    first = int(found[1])
    last, step = int(found[2] or first), int(found[3] or 1)
    if last < first or step < 1 or last > MOST_INDEX:
        raise _refusal(spec, f"{part!r} must rise, by steps of 1 or more, to at most {MOST_INDEX}")
    indices = range(first, last + 1, step)
    if len(indices) > MOST_MEMBERS:
        raise _refusal(spec, f"an array has at most {MOST_MEMBERS} members")
    return indices


def _refusal(spec: str, problem: str) -> Invalid:
    detail = f"array {spec!r}: {problem}; write 0-99, 1,3,5-9 or 0-20:5, with %8 for 8 at a time"
    return Invalid(detail, fields={"array": [problem]})
