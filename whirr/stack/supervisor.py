"""Keeps the stack's processes running: starts them, restarts them, stops them in order."""

from __future__ import annotations

import contextlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from whirr.stack import keeper
from whirr.stack.child import CONFIGURATION_ERROR, Child, Spec
from whirr.stack.wakeup import Wakeup

FAILED = 1


@dataclass(frozen=True)
class Timing:
    """Seconds and counts of the supervisor; tests use smaller ones."""

    health_every: float = 0.1
    first_backoff: float = 0.2
    longest_backoff: float = 5.0
    failure_window: float = 60.0
    proven_after: float = 30.0  # longer than a child waits for what it needs before it gives up
    failures_allowed: int = 5
    repeat_term_after: float = 0.5
    urgent_stop: float = 6.0
    whole_stop: float = 10.0


@dataclass(frozen=True)
class Plan:
    """What a stack consists of: `web` first; `later` once `healthy` says that the web answers."""

    web: Spec
    later: Sequence[Spec]
    healthy: Callable[[], bool]
    on_ready: Callable[[], None]
    say: Callable[[str], None]


class Supervisor:
    """Runs one plan on a data folder until it is told to stop or cannot go on."""

    def __init__(self, plan: Plan, data: Path, lock: int, timing: Timing | None = None) -> None:
        self.plan = plan
        self.timing = timing or Timing()
        self.children = [
            Child(spec, data / "logs" / f"{spec.name}.log", data)
            for spec in (plan.web, *plan.later)
        ]
        self.ready = False
        self.outcome: int | None = None
        self.verdict: list[str] = []
        self._wakeup = Wakeup()
        self._keeper = subprocess.Popen(
            [sys.executable, "-I", "-S", keeper.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            pass_fds=(lock,),
            start_new_session=True,
            text=True,
        )

    def run(self) -> int:
        """Supervise until asked to stop (0), or a child is beyond help (1) or misconfigured (2)."""
        try:
            self._start(self.children[0])
            while self.outcome is None and not self._wakeup.stop_requests:
                self._step(time.monotonic())
        finally:
            self._stop()
            for line in self.verdict:
                self.plan.say(line)
        return self.outcome or 0

    def _step(self, now: float) -> None:
        for child in self.children:
            self._notice_end(child, now)
        if self.outcome is not None:
            return
        for child in self.children:
            if child.start_at is not None and child.start_at <= now:
                self._start(child)
        if not self.ready and self.children[0].running and self.plan.healthy():
            self.ready = self.children[0].proven = True
            self.plan.on_ready()
            for child in self.children[1:]:
                self._start(child)
        self._wakeup.wait(self._pause(time.monotonic()))

    def _pause(self, now: float) -> float | None:
        """How long nothing can be due."""
        due = [child.start_at - now for child in self.children if child.start_at is not None]
        if not self.ready:
            due.append(self.timing.health_every)
        return max(0.0, min(due)) if due else None

    def _start(self, child: Child) -> None:
        try:
            group = child.start()
        except OSError as error:  # no memory, no process left, a full disk: it may pass
            self._failed(child, time.monotonic(), f"cannot be started: {error}")
            return
        self._tell_keeper(f"+{group}\n")
        self.plan.say(f"{child.spec.name}: started (process {group})")

    def _collect(self, child: Child) -> int | None:
        group = child.process.pid if child.process else 0
        code = child.collect()
        if code is not None:
            self._tell_keeper(f"-{group}\n")
        return code

    def _notice_end(self, child: Child, now: float) -> None:
        """If a child ended by itself: start it again a little later, or give the stack up."""
        code = self._collect(child)
        if code is None:
            return
        child.proven = child.proven or now - child.started >= self.timing.proven_after
        if code == CONFIGURATION_ERROR and not child.proven:
            self.verdict = child.last_words(1) or [f"{child.spec.name}: wrong configuration"]
            self.outcome = CONFIGURATION_ERROR
            return
        self._failed(child, now, _how_it_ended(code))

    def _failed(self, child: Child, now: float, how: str) -> None:
        failures = child.failures
        failures.append(now)
        while failures[0] < now - self.timing.failure_window:
            failures.popleft()
        # One that has worked before is tried again for as long as it takes: giving up would end the jobs that run.
        if len(failures) >= self.timing.failures_allowed and not child.proven:
            self._give_up(child, how)
            return
        backoff = min(
            self.timing.first_backoff * 2 ** min(len(failures) - 1, 16), self.timing.longest_backoff
        )
        child.start_at = now + backoff
        self.plan.say(f"{child.spec.name}: {how}; starting it again")

    def _give_up(self, child: Child, how: str) -> None:
        count = len(child.failures)
        self.verdict = [
            *(f"  {line}" for line in child.last_words(10)),
            f"{child.spec.name} {how} {count} times in a row; see {child.log}",
        ]
        self.outcome = FAILED

    def _stop(self) -> None:
        """End every child: the urgent ones first, then the rest, then what is left by force."""
        began = time.monotonic()
        requests = self._wakeup.stop_requests
        if any(child.running for child in self.children):
            self.plan.say("stopping")
        urgent = [child for child in self.children if child.spec.stops_first]
        others = [child for child in self.children if not child.spec.stops_first]
        self._end(urgent, requests, began + self.timing.urgent_stop)
        self._end(others, requests, began + self.timing.whole_stop)
        for child in self.children:
            child.send_group(signal.SIGKILL)
        hopeless = time.monotonic() + self.timing.whole_stop  # a process that the kernel holds
        while any(child.running for child in self.children) and time.monotonic() < hopeless:
            self._collect_all(self.children)
            self._wakeup.wait(0.05)
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self._keeper.communicate(timeout=5)
        self.plan.say("stopped")

    def _end(self, children: list[Child], requests: int, deadline: float) -> None:
        """SIGTERM and wait; return early when one more stop request says not to wait."""
        again_at = 0.0
        repeats = 2
        while any(child.running for child in children):
            now = time.monotonic()
            if now >= deadline or self._wakeup.stop_requests > max(requests, 1):
                return
            if now >= again_at and repeats:
                repeats -= 1
                again_at = now + self.timing.repeat_term_after
                for child in children:
                    if child.spec.stops_first or repeats:
                        child.send(signal.SIGTERM)
            self._wakeup.wait(min(deadline - now, self.timing.repeat_term_after))
            self._collect_all(children)

    def _collect_all(self, children: Sequence[Child]) -> None:
        for child in children:
            self._collect(child)

    def _tell_keeper(self, line: str) -> None:
        if self._keeper.stdin is not None:
            with contextlib.suppress(OSError):  # it was killed: the kernel's signal is left
                self._keeper.stdin.write(line)
                self._keeper.stdin.flush()


def _how_it_ended(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"
