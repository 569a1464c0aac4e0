"""What failed in a stretch of time, in words, equal failures together."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from dashboard.night import signatures
from dashboard.night.signatures import Signature
from jobs.models import Job
from jobs.states import Reason
from runs import selectors, storage
from runs.errors import DomainError
from runs.models import Run, RunStatus

READ = 500  # logs of one look; the newest failures
NAMED = 6  # runs of one group
TAIL = 8 * 1024  # bytes from a log's end
ESCAPES = re.compile(r"\x1b(?:\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-Z\\-_])")
REMEMBERED = 4096


@dataclass(frozen=True, slots=True)
class Group:
    """Runs that failed in the same way, the newest first; `runs` are some of them."""

    words: str
    count: int
    runs: list[Run]
    newest: datetime | None
    unread: bool = False  # nobody looked into their logs: there were too many

    @property
    def more(self) -> int:
        return self.count - len(self.runs)


def groups(failed: Sequence[Run]) -> list[Group]:
    """These failures (the newest first) by their signatures, the most frequent first. Two queries and their logs."""
    reasons = _reasons(failed[:READ])
    found: dict[str, tuple[str, list[Run]]] = {}
    for run in failed[:READ]:
        known = (run.pk, run.key, run.kind, run.attempt)
        signature = _signature(*known, reasons.get(run.pk, ""), _size(run))
        found.setdefault(signature.key, (signature.words, []))[1].append(run)
    told = [_group(words, runs) for words, runs in found.values()]
    if len(failed) > READ:
        rest = failed[READ:]
        told.append(Group("earlier, not looked into", len(rest), list(rest[:NAMED]), None, True))  # noqa: FBT003
    return sorted(told, key=lambda group: (group.unread, -group.count))


def _group(words: str, runs: list[Run]) -> Group:
    return Group(words, len(runs), runs[:NAMED], runs[0].finished_at)


def _reasons(failed: Iterable[Run]) -> dict[int, str]:
    """What the queue says of them, by the run's key: its own words, or those of the closed list."""
    jobs = Job.objects.filter(run__in=[run.pk for run in failed])
    rows = jobs.values_list("run_id", "reason", "error_message")
    return {
        run: message or (str(Reason(reason).label) if reason in Reason.values else "")
        for run, reason, message in rows
    }


@lru_cache(maxsize=REMEMBERED)
def _signature(pk: int, key: str, kind: str, attempt: int, reason: str, size: int) -> Signature:
    """Of an attempt that has ended. Last bytes of its log may come later, so its `size` belongs to what is known."""
    return signatures.of(_last_lines(key, kind, attempt) if attempt else [], reason=reason)


def _size(run: Run) -> int:
    """Of its log; one look at the folder."""
    try:
        return storage.size_of(storage.stream_path(run, run.attempt, "output.log"))
    except (OSError, DomainError):
        return 0


def _last_lines(key: str, kind: str, attempt: int) -> list[str]:
    try:
        run = Run(key=key, kind=kind, attempt=attempt, status=RunStatus.FAILED)
        part = selectors.log_part(run, attempt=attempt, offset=-TAIL)
    except (OSError, DomainError):  # its files are gone, or are none: the queue's words have to do
        return []
    text = ESCAPES.sub("", part.data.decode("utf-8", errors="replace"))
    return [line.rstrip("\r").rsplit("\r", 1)[-1] for line in text.split("\n")]


def forget() -> None:
    """What this process remembers; for tests, which number their runs anew."""
    _signature.cache_clear()
