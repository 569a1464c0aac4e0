"""What the commands know about jobs: states that end them, and their exit codes."""

from __future__ import annotations

from datetime import datetime, timezone
from typing import Any

from whirr.cli import failures
from whirr.cli.output import moment, span

ENDED = frozenset({"completed", "failed", "cancelled"})
Job = dict[str, Any]


def has_ended(job: Job) -> bool:
    """Whether nothing more will happen to the job."""
    return job.get("status") in ENDED


def attempt_of(job: Job) -> int:
    """The number of its newest attempt; 0 before the first."""
    number = job.get("attempt")
    return number if isinstance(number, int) else 0


def exit_code(job: Job) -> int:
    """The code that `--wait` ends with: the job's own, as shells give it; 1 if it has none."""
    if job.get("status") == "completed":
        return failures.DONE
    code = job.get("exit_code")
    if isinstance(code, int) and code:
        return 128 - code if code < 0 else code & 0xFF or failures.FAILED
    attempts = job.get("attempts") or [{}]
    number = attempts[-1].get("signal")
    return 128 + number if isinstance(number, int) and number else failures.FAILED


def how_it_ended(job: Job) -> str:
    """One line about a job that has ended."""
    line = f"job {job.get('id')} {job.get('status')}"
    if job.get("status") == "completed":
        return line
    code, reason = job.get("exit_code"), job.get("reason")
    if isinstance(code, int) and code:
        line += f" with exit code {code}"
    elif reason and reason not in ("ok", "exit_nonzero"):
        line += f" ({reason})"
    message = str(job.get("error_message") or "")
    return f"{line}: {message}" if message and message not in line else line


def why_not(job: Job, now: datetime | None = None) -> str:
    """A word or two on why a job does not run; empty where it does, or has ended, or is simply next in the queue."""
    if job.get("status") not in ("queued", "waiting"):
        return ""
    if job.get("held"):
        return f"held by {job.get('held_by')}"
    if job["status"] == "waiting":
        return "array or dependency" if job.get("array_id") else "dependency"
    then = moment(job.get("not_before"))
    seconds = (then - (now or datetime.now(timezone.utc))).total_seconds() if then else 0
    return f"retry in {span(seconds)}" if seconds > 0 else ""


def waits_for(job: Job) -> list[str]:
    """`ok:7 (running)` for each job that this one waits for, or waited for."""
    found = job.get("after") or []
    return [f"{each['kind']}:{each['job_id']} ({each['status']})" for each in found]
