"""Arrays: their members, of those that were retried the newest, and how they ended."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable

from whirr.cli import asking, failures, jobs
from whirr.cli.jobs import Job
from whirr.cli.waiting import QUICK, SLOW, Steady
from whirr.wire import Client, NotFound


def members(client: Client, array: str) -> list[Job]:
    """One job for each index, in their order. Raises NotFound."""
    newest: dict[int, Job] = {}
    for job in asking.every(client, "/api/v1/jobs", "jobs", {"array": array}):
        newest.setdefault(job["array_index"], job)  # the list begins with the newest
    if not newest:
        raise NotFound(404, "not_found", f"there is no array {array}")
    return [newest[index] for index in sorted(newest)]


def until_ended(steady: Steady, array: str) -> list[Job]:
    """Wait until every member has ended; returns them."""
    query = {"array": array, "status": "active", "limit": 1}
    pause = QUICK
    while steady.ask(lambda: asking.listing(steady.client, "/api/v1/jobs", "jobs", query)):
        time.sleep(pause)
        pause = min(pause * 1.3, SLOW)
    return steady.ask(lambda: members(steady.client, array))


def exit_code(found: Iterable[Job]) -> int:
    """0 if all completed, otherwise 1."""
    completed = all(job.get("status") == "completed" for job in found)
    return failures.DONE if completed else failures.FAILED


def how_it_ended(array: str, found: list[Job]) -> str:
    """One line, with the numbers of those that did not complete."""
    bad = [job["id"] for job in found if job.get("status") != "completed"]
    line = f"array {array}: {counts(found)}"
    return f"{line}; not completed: {ranges(bad)}" if bad else line


def counts(found: Iterable[Job]) -> str:
    """`97 completed, 3 failed`."""
    return ", ".join(f"{count} {status}" for status, count in by_status(found).most_common())


def by_status(found: Iterable[Job]) -> Counter[str]:
    """How many stand where."""
    return Counter(str(job.get("status")) for job in found)


def ranges(numbers: Iterable[int]) -> str:
    """`7-106,110`: numbers in as few words as can be."""
    parts: list[list[int]] = []
    for number in sorted(numbers):
        if parts and number == parts[-1][-1] + 1:
            parts[-1][1:] = [number]
        else:
            parts.append([number])
    return ",".join("-".join(map(str, part)) for part in parts)


def label(job: Job) -> str:
    """`A3[5]` for a member, otherwise nothing."""
    return f"{job['array_id']}[{job.get('array_index')}]" if job.get("array_id") else ""


def numbers_of(client: Client, targets: Iterable[int | str]) -> list[int]:
    """Jobs by number, arrays by the numbers of those of their members that have not ended."""
    found: dict[int, None] = {}
    for target in targets:
        if isinstance(target, int):
            found[target] = None
        else:
            pending = (job for job in members(client, target) if not jobs.has_ended(job))
            found |= {job["id"]: None for job in pending}
    return list(found)
