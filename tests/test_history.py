"""The judge of histories: silent about a clean one, and it finds each kind of wrong that may be in one."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from tests.support import history
from tests.support.fault_plan import Fault
from tests.support.faults import Exchange
from tests.support.light_work import Execution
from tests.support.stored import Stored, StoredAttempt, StoredEvent, StoredJob

LOG = b"line 0\n"


class History:
    """Two jobs: the first was lost by `a` and completed by `b`, the second was cancelled while it waited."""

    def __init__(self) -> None:
        self.stored = Stored(
            jobs={
                1: StoredJob(1, "completed", 2, "completed", 2),
                2: StoredJob(2, "cancelled", 0, "cancelled", 0),
            },
            attempts={
                (1, 1): StoredAttempt(1, 1, "a", [0], "lost"),
                (1, 2): StoredAttempt(1, 2, "b", [], "succeeded"),
            },
            events=[],
            streams={(1, 2, "output.log"): LOG},
        )
        self.steps(1, "submitted", "claimed 1", "requeued 1", "claimed 2", "completed 2")
        self.steps(2, "submitted", "cancelled")
        self.executions = [
            Execution("a", (1, 1), written={"output.log": bytearray(LOG)}, lost=True),
            Execution(
                "b", (1, 2), written={"output.log": bytearray(LOG)}, whole=True, accepted=True
            ),
        ]
        self.exchanges = [
            self.write(1, "a", 1, 200),
            self.write(2, "b", 2, 200),
            self.write(3, "a", 1, 409),
        ]

    def steps(self, job_id: int, *kinds: str) -> None:
        for kind in kinds:
            name, _, number = kind.partition(" ")
            event = StoredEvent(len(self.stored.events), job_id, int(number or 0), name, "somebody")
            self.stored.events.append(event)

    def attempt(self, number: int, **changes: object) -> None:
        found = self.stored.attempts[1, number]
        self.stored.attempts[1, number] = replace(found, **changes)  # type: ignore[arg-type]

    def job(self, job_id: int, **changes: object) -> None:
        self.stored.jobs[job_id] = replace(self.stored.jobs[job_id], **changes)  # type: ignore[arg-type]

    def write(self, at: float, worker: str, attempt: int, status: int) -> Exchange:
        path = f"/api/v1/runs/job-1/attempts/{attempt}/streams/output.log?offset=0"
        return Exchange(at, at + 0.5, worker, "PUT", path, Fault.NONE, status, b"")

    def judged(self) -> list[str]:
        return history.judge(
            self.stored,
            self.executions,
            self.exchanges,
            submitted=[1, 2],
            cancelled=[2],
            slots={"a": 0, "b": 1},
        )


Spoil = Callable[[History], object]
WRONG: dict[str, tuple[Spoil, str]] = {
    "a job vanished": (lambda h: h.stored.jobs.pop(2), "job 2 was lost"),
    "a job runs for ever": (lambda h: h.job(1, status="running"), "job 1 never ended"),
    "the run says something else": (lambda h: h.job(1, run_status="failed"), "its run failed"),
    "ended twice": (lambda h: h.steps(1, "completed 2"), "completed (event 7) while completed"),
    "began after its end": (lambda h: h.steps(1, "claimed 3"), "claimed (event 7) while completed"),
    "a number is missing": (lambda h: h.stored.attempts.pop((1, 1)), "job 1 has attempts [2]"),
    "two successes": (lambda h: h.attempt(1, status="succeeded"), "its attempts are"),
    "an attempt runs on": (lambda h: h.attempt(1, status="running"), "its attempts are"),
    "two owners": (lambda h: h.stored.events.pop(2), "began while"),
    "more than its slots": (lambda h: h.attempt(1, gpus=[]), "a has 0 slots and holds [(1, 1)]"),
    "began after a cancel": (lambda h: h.steps(2, "claimed 1"), "after its cancel"),
    "a cancel was forgotten": (
        lambda h: h.job(2, status="completed"),
        "job 2 was cancelled and is",
    ),
    "a claim got lost": (lambda h: h.executions.pop(0), "was executed 0 times"),
    "two agents had it": (lambda h: h.executions.append(h.executions[0]), "was executed 2 times"),
    "a stale finish was accepted": (
        lambda h: setattr(h.executions[0], "accepted", True),
        "(1, 1): its finish was accepted, and it is lost",
    ),
    "a success out of nothing": (
        lambda h: setattr(h.executions[1], "whole", False),
        "its agent never got to the end",
    ),
    "bytes twice": (
        lambda h: h.stored.streams.update({(1, 2, "output.log"): LOG + LOG}),
        "the agent wrote 7 bytes, the server has 14",
    ),
    "bytes of another attempt": (
        lambda h: h.stored.streams.update({(1, 1, "output.log"): b"other"}),
        "no beginning of the former",
    ),
    "a stale write was taken": (
        lambda h: h.exchanges.append(h.write(4, "a", 1, 200)),
        "was taken after attempt 2 had begun",
    ),
}


def test_a_clean_history_is_found_clean() -> None:
    assert History().judged() == []


@pytest.mark.parametrize("spoil, sentence", WRONG.values(), ids=WRONG.keys())
def test_what_is_wrong_is_named(spoil: Spoil, sentence: str) -> None:
    spoiled = History()
    spoil(spoiled)
    assert any(sentence in each for each in spoiled.judged()), spoiled.judged()


def test_a_gpu_has_one_owner_at_a_time() -> None:
    it = History()
    it.stored.jobs[3] = StoredJob(3, "completed", 1, "completed", 1)
    it.stored.attempts[3, 1] = StoredAttempt(3, 1, "a", [0], "succeeded")
    it.steps(3, "submitted", "claimed 1", "completed 1")
    order = [0, 7, 1, 8, 2, 3, 4, 5, 6, 9]  # job 3 is claimed while job 1 holds the GPU
    it.stored.events = [it.stored.events[place] for place in order]
    assert any("a: GPU [0] given twice" in each for each in it.judged())
