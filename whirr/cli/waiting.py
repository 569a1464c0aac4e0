"""Waiting for jobs and following their output, through restarts of the server."""

from __future__ import annotations

import sys
import time
from typing import Any, Callable, TypeVar

from whirr.cli import asking, failures, jobs, output
from whirr.cli.jobs import Job
from whirr.wire import Client, NotFound, Refused, Unreachable

Result = TypeVar("Result")

PIECE = 1024 * 1024
QUICK, SLOW = 0.2, 1.5  # seconds between looks: quick while things move, slower when nothing does
LOG_PATIENCE = 15.0  # how long the last bytes of an ended job may take to arrive


class Steady:
    """Asks the server and, once it has answered a first time, outlasts its absences."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self._answered = False

    def ask(self, question: Callable[[], Result]) -> Result:
        """The answer to `question`, repeated while the server is away.

        Raises Unreachable only if there never was an answer.
        """
        away_since = 0.0
        pause = QUICK
        while True:
            try:
                answer = question()
            except Unreachable as error:
                if not self._answered:
                    raise
                if not away_since:
                    away_since = time.monotonic()
                    output.chat(
                        f"whirr: the server is away ({error}); trying again until it is back"
                    )
                time.sleep(pause)
                pause = min(pause * 2, 5.0)
                continue
            self._answered = True
            if away_since:
                output.chat(
                    f"whirr: the server is back after {output.span(time.monotonic() - away_since)}"
                )
            return answer

    def trust(self) -> None:
        """The server is known to have been there."""
        self._answered = True

    def job(self, number: int) -> Job:
        """The job as it is now."""
        return self.ask(lambda: asking.thing(self.client, f"/api/v1/jobs/{number}"))


def until_ended(steady: Steady, number: int) -> Job:
    """Wait for a job's end; returns it."""
    pause = QUICK
    while True:
        job = steady.job(number)
        if jobs.has_ended(job):
            return job
        time.sleep(pause)
        pause = min(pause * 1.3, SLOW)


class Follower:
    """Copies a job's output to stdout as it grows, attempt after attempt."""

    def __init__(self, steady: Steady, number: int, attempt: int | None = None) -> None:
        self.steady = steady
        self.number = number
        self.fixed = attempt is not None
        self.attempt = attempt or 0
        self.offset = 0
        self._complete = False

    def until_ended(self) -> Job:
        """Follow until nothing more can come; returns the job."""
        pause, ended_at = QUICK, 0.0
        while True:
            job = self.steady.job(self.number)
            self._choose_attempt(job)
            moved = self._copy(job)
            newest = self.attempt >= jobs.attempt_of(job)
            over = jobs.has_ended(job) if newest else True
            if over:
                ended_at = ended_at or time.monotonic()
                late = time.monotonic() - ended_at > LOG_PATIENCE
                if self._complete or late or not self.attempt:
                    return job
            else:
                ended_at = 0.0
            pause = QUICK if moved else min(pause * 1.3, SLOW)
            time.sleep(pause)

    def _choose_attempt(self, job: Job) -> None:
        newest = jobs.attempt_of(job)
        if self.fixed or newest <= self.attempt:
            return
        if self.attempt:
            if not self._complete:
                self._copy(job)
            output.chat(f"whirr: attempt {self.attempt} ended; attempt {newest} goes on from here")
        self.attempt, self.offset, self._complete = newest, 0, False

    def _copy(self, job: Job) -> bool:
        """Write what is new; True if there was something."""
        if not self.attempt:
            return False
        moved = False
        while not self._complete:
            data, final = self.steady.ask(
                lambda: piece(self._client, self._run(job), self.attempt, self.offset)
            )
            write(data)
            moved = moved or bool(data)
            self.offset += len(data)
            self._complete = final
            if len(data) < PIECE:
                break
        return moved

    @property
    def _client(self) -> Client:
        return self.steady.client

    @staticmethod
    def _run(job: Job) -> str:
        return str(job.get("run_id") or f"job-{job.get('id')}")


def piece(client: Client, run: str, attempt: int | None, offset: int) -> tuple[bytes, bool]:
    """Some bytes of a log, and whether they are its last; a log not there yet is empty."""
    query: dict[str, Any] = {"attempt": attempt, "offset": offset, "limit": PIECE}
    try:
        answer = client.get(f"/api/v1/runs/{run}/log", query, timeout=30.0)
    except NotFound:
        return b"", False
    except Refused as error:
        if error.status == 416:
            return b"", False
        raise
    final = answer.headers.get("x-whirr-final") == "1"
    size = int(answer.headers.get("x-whirr-size") or 0)
    return answer.body, final and offset + len(answer.body) >= size


def write(data: bytes) -> None:
    """Bytes of a log to stdout, unchanged and at once."""
    if data:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()


def detached(target: int | str) -> int:
    """After Ctrl-C: say what goes on (a job's number, or an array like A3) and how to stop it."""
    what = "array" if isinstance(target, str) else "job"
    output.chat(
        f"\nwhirr: stopped watching; {what} {target} goes on. Cancel it with: whirr cancel {target}"
    )
    return failures.INTERRUPTED
