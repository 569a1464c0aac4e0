"""What the database says, laid beside what the model says; and what must hold whatever the model says."""

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from jobs.models import Attempt, Dependency, Job, JobEvent, Worker
from tests.jobs.modelling.model import FINAL, LOST_CAP, MET_BY, NEVER_STARTED_CAP, Model, Task

PENDING = {"waiting", "queued"}
STEPS: dict[str, tuple[set[str], str]] = {  # event: (from, to); an empty `to` stays
    "released": ({"waiting"}, "queued"),
    "claimed": ({"queued"}, "running"),
    "reinstated": ({"queued"}, "running"),
    "requeued": ({"running"}, "queued"),
    "completed": ({"running"}, "completed"),
    "failed": ({"running"}, "failed"),
    "cancelled": ({"waiting", "queued", "running"}, "cancelled"),
    "cancel_requested": ({"running"}, ""),
    "held": (PENDING, ""),
    "unheld": (PENDING, ""),
    "priority": (PENDING, ""),
}
OF_JOB = (
    "id",
    "status",
    "reason",
    "attempt",
    "priority",
    "retry_of_id",
    "array_id",
    "lease_expires_at",
    "overdue_at",
    "not_before",
    "held_at",
    "cancel_requested_at",
)
OF_ATTEMPT = ("job_id", "number", "worker_name", "gpus", "status", "reason")
OF_WORKER = ("worker_id", "gpus", "slots", "reserved_for_id")


@dataclass
class Reality:
    """All rows, read once after a step."""

    jobs: dict[int, dict[str, Any]]
    attempts: dict[int, list[dict[str, Any]]]
    workers: dict[str, dict[str, Any]]
    events: dict[int, list[str]]

    @classmethod
    def read(cls) -> "Reality":
        attempts: dict[int, list[dict[str, Any]]] = defaultdict(list)
        for row in Attempt.objects.order_by("job", "number").values(*OF_ATTEMPT):
            attempts[row["job_id"]].append(dict(row))
        events: dict[int, list[str]] = defaultdict(list)
        for job_id, kind in JobEvent.objects.order_by("pk").values_list("job", "kind"):
            events[job_id].append(kind)
        return cls(
            {row["id"]: dict(row) for row in Job.objects.order_by("pk").values(*OF_JOB)},
            attempts,
            {row["worker_id"]: dict(row) for row in Worker.objects.values(*OF_WORKER)},
            events,
        )

    def queued(self) -> set[int]:
        return {pk for pk, row in self.jobs.items() if row["status"] == "queued"}


def check_same(model: Model, real: Reality) -> None:
    """The model's prediction has come true, for every job and every attempt."""
    assert set(model.tasks) == set(real.jobs)
    for pk, task in model.tasks.items():
        row = real.jobs[pk]
        said = (task.status, len(task.tries), task.reason if task.status in FINAL else "")
        found = (row["status"], row["attempt"], row["reason"] if task.status in FINAL else "")
        assert found == said, f"job {pk} is {found}; by the contract {said}: {real.events[pk]}"
        check_flags(task, row)
        tries = [(each.worker, each.gpus, each.status, each.reason) for each in task.tries]
        rows = [
            (each["worker_name"], tuple(each["gpus"]), each["status"], each["reason"])
            for each in real.attempts[pk]
        ]
        assert rows == tries, f"job {pk}: attempts are {rows}; by the contract {tries}"
        assert [each["number"] for each in real.attempts[pk]] == list(range(1, len(tries) + 1))


def check_flags(task: Task, row: Mapping[str, Any]) -> None:
    told = {
        "lease_expires_at": task.lease,
        "overdue_at": task.overdue,
        "not_before": task.not_before if task.status == "queued" else row["not_before"],
        "priority": task.priority,
        "retry_of_id": task.retry_of,
        "array_id": task.array,
    }
    found = {name: row[name] for name in told}
    assert found == told, f"job {task.pk} ({task.status}): {found}; by the contract {told}"
    assert (row["held_at"] is not None) == task.held
    assert (row["cancel_requested_at"] is not None) == task.cancel or task.status in FINAL


def check_invariants(model: Model, real: Reality, ended: dict[int, str]) -> None:
    """RELIABILITY §3, from the rows alone. `ended` are the final states seen before."""
    for pk, status in ended.items():
        assert real.jobs[pk]["status"] == status, f"job {pk} left {status}"
    for pk, row in real.jobs.items():
        running = [each for each in real.attempts[pk] if each["status"] == "running"]
        assert len(running) == (row["status"] == "running")
        reasons = Counter(each["reason"] for each in real.attempts[pk])
        assert reasons["worker_lost"] <= LOST_CAP
        assert reasons["never_started"] <= NEVER_STARTED_CAP
        check_story(pk, row, real.events[pk])
    check_places(real)
    check_arrays(model, real)
    check_dependencies(real)


def check_story(pk: int, row: Mapping[str, Any], kinds: list[str]) -> None:
    """The events, played back, lead to the state; nothing starts after a cancel."""
    assert kinds[:1] == ["submitted"]
    at = PENDING
    for number, kind in enumerate(kinds[1:], 1):
        before, to = STEPS[kind]
        assert at & before, f"job {pk}: {kind} while {at}: {kinds}"
        if kind in ("claimed", "reinstated"):
            assert "cancel_requested" not in kinds[:number], f"job {pk} started: {kinds}"
        at = {to} if to else at & before
    assert row["status"] in at, f"job {pk} is {row['status']}, and its events say {at}: {kinds}"
    assert kinds.count("claimed") == row["attempt"]


def check_places(real: Reality) -> None:
    """No GPU and no slot serves two attempts at a time."""
    held: dict[str, list[int]] = defaultdict(list)
    slots: Counter[str] = Counter()
    for attempts in real.attempts.values():
        for each in attempts:
            if each["status"] == "running":
                held[each["worker_name"]] += each["gpus"]
                slots[each["worker_name"]] += not each["gpus"]
    for name, gpus in held.items():
        assert len(gpus) == len(set(gpus)), f"{name}: GPUs {gpus}"
        worker = real.workers[name]
        assert slots[name] <= (0 if worker["gpus"] else worker["slots"]), f"{name}: {slots[name]}"


def check_arrays(model: Model, real: Reality) -> None:
    for number, most in model.arrays.items():
        members = [row for row in real.jobs.values() if row["array_id"] == number]
        active = sum(row["status"] in ("queued", "running") for row in members)
        assert most is None or active <= most, f"array {number}%{most}: {active} at a time"


def check_dependencies(real: Reality) -> None:
    """Nobody waits for what has ended; nobody starts before what it waits for."""
    unmet: dict[int, list[str]] = defaultdict(list)
    for job, on, kind in Dependency.objects.values_list("job", "on", "kind"):
        status = real.jobs[on]["status"]
        if status not in MET_BY[kind]:
            unmet[job].append(status)
    for pk, parents in unmet.items():
        row = real.jobs[pk]
        assert row["status"] in ("waiting", "cancelled"), f"job {pk} did not wait: {parents}"
        assert row["status"] != "waiting" or not FINAL & set(parents), f"job {pk}: {parents}"
