"""The queue as its contract tells it, in plain Python: no Django, no database, no locks.

It predicts every state. What the contract leaves open (which of several jobs a worker is given, on which of its GPUs,
which members of an array go first) it is told, and says whether that was allowed.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from tests.jobs.modelling.nodes import Limits, Need, Node

FINAL = {"completed", "failed", "cancelled"}
MET_BY = {"ok": {"completed"}, "any": FINAL, "notok": {"failed", "cancelled"}}
LOST_CAP, NEVER_STARTED_CAP = 3, 5
QUICK, PATIENCE = timedelta(seconds=30), timedelta(seconds=60)

Pair = tuple[int, int]


@dataclass
class Try:
    """One attempt."""

    worker: str
    birth: int  # of the worker
    gpus: tuple[int, ...]
    claim_id: str
    started: datetime
    status: str = "running"
    reason: str = ""
    ended: datetime | None = None
    overruled: bool = False
    swept: bool = False  # the server called it lost, not its agent


@dataclass
class Task:
    """One job."""

    pk: int
    need: Need
    priority: int = 0
    retries: int = 0
    codes: tuple[int, ...] = ()
    timeout: int | None = None
    grace: int = 30
    after: dict[int, str] = field(default_factory=dict)
    array: int | None = None
    retry_of: int | None = None
    held: bool = False
    status: str = "waiting"
    reason: str = ""
    cancel: bool = False
    tries: list[Try] = field(default_factory=list)
    lease: datetime | None = None
    lease_seconds: int = 60
    overdue: datetime | None = None
    not_before: datetime | None = None
    home: tuple[str, int] | None = None  # the worker (and its birth) that alone may have it
    home_until: datetime | None = None
    touched: bool = False  # somebody changed it since it was lost

    def may_start(self, now: datetime) -> bool:
        rested = self.not_before is None or self.not_before <= now
        return self.status == "queued" and rested and not self.held and not self.cancel


class Model:
    """Everything, at one moment. Callers say what happened; what follows from that happens here."""

    def __init__(self, nodes: Iterable[Node], *, patience: int) -> None:
        self.patience = patience  # seconds beyond time limit and grace
        self.nodes = {node.name: node for node in nodes}
        self.tasks: dict[int, Task] = {}
        self.arrays: dict[int, int | None] = {}  # the most at a time
        self.limits = Limits()

    # Who uses what

    def running(self) -> list[tuple[Task, Try]]:
        return [(task, task.tries[-1]) for task in self.tasks.values() if task.status == "running"]

    def free(self, node: Node) -> tuple[set[int], int]:
        mine = [attempt for _, attempt in self.running() if attempt.worker == node.name]
        taken = {index for attempt in mine for index in attempt.gpus}
        return set(node.gpus) - taken, node.slots - sum(not attempt.gpus for attempt in mine)

    def has_room(self, need: Need, gpus: int) -> bool:
        """Whether quotas allow one more job of this need."""
        return all(
            self.limits.allows(account, jobs=jobs + 1, gpus=used + gpus if gpus else 0)
            for account in need.accounts()
            for jobs, used in [self.use(account)]
        )

    def use(self, account: tuple[str, str]) -> tuple[int, int]:
        mine = [each for task, each in self.running() if account in task.need.accounts()]
        return len(mine), sum(len(each.gpus) for each in mine)

    def queue_is_full(self, need: Need, more: int) -> bool:
        for account in need.accounts():
            limit = self.limits.of(account).queued
            mine = [task for task in self.tasks.values() if account in task.need.accounts()]
            has = sum(task.status in ("waiting", "queued") for task in mine)
            if limit is not None and has + more > limit:
                return True
        return False

    # Waiting for others

    def add(self, tasks: Iterable[Task]) -> None:
        self.tasks |= {task.pk: task for task in tasks}
        self.cascade()

    def cascade(self) -> None:
        """Cancel what can never start, through and through; release what waits for nothing and has no array's limit."""
        moved = True
        while moved:
            moved = False
            for task in self.tasks.values():
                if task.status == "waiting" and self._is_broken(task):
                    task.status, task.reason, moved = "cancelled", "dependency_failed", True
        for task in self.tasks.values():
            if task.status == "waiting" and self.is_ready(task) and self._most(task) is None:
                task.status = "queued"

    def is_ready(self, task: Task) -> bool:
        return all(self.tasks[on].status in MET_BY[kind] for on, kind in task.after.items())

    def _is_broken(self, task: Task) -> bool:
        return any(self.tasks[on].status in FINAL - MET_BY[kind] for on, kind in task.after.items())

    def _most(self, task: Task) -> int | None:
        return None if task.array is None else self.arrays[task.array]

    def fill_arrays(self, now_queued: set[int]) -> None:
        """Members of limited arrays move up: as many as there is room for, of those that are ready."""
        for number, most in self.arrays.items():
            members = [task for task in self.tasks.values() if task.array == number]
            ready = [each for each in members if each.status == "waiting" and self.is_ready(each)]
            if most is None or not ready:
                continue
            active = sum(each.status in ("queued", "running") for each in members)
            chosen = [each for each in ready if each.pk in now_queued]
            room = max(0, min(most - active, len(ready)))
            assert len(chosen) == room, f"array {number}: {room} should move up, not {len(chosen)}"
            for each in chosen:
                each.status = "queued"

    # The life of an attempt

    def claim(self, task: Task, node: Node, attempt: Try, lease_seconds: int) -> None:
        now = attempt.started
        assert task.may_start(now), f"job {task.pk} was started though {task}"
        gpus, slots = self.free(node)
        assert set(attempt.gpus) <= gpus, f"job {task.pk}: GPUs {attempt.gpus} of {node} are taken"
        there = set(attempt.gpus)
        assert node.fits(task.need, there, 0 if there else slots), f"{task} on {attempt.gpus}"
        assert len(there) == node.size(task.need)
        assert self.has_room(task.need, len(there)), f"job {task.pk}: over a quota"
        assert not self.is_shunned(task, node, now), f"job {task.pk} again where it cannot start"
        assert self.is_ready(task), f"job {task.pk} was started before its parents"
        task.tries.append(attempt)
        self._runs(task, now, lease_seconds)
        self.limit_from(task, now)

    def limit_from(self, task: Task, now: datetime) -> None:
        limit = task.timeout
        task.overdue = limit and now + timedelta(seconds=limit + task.grace + self.patience)  # type: ignore[assignment]

    def _runs(self, task: Task, now: datetime, lease_seconds: int) -> None:
        task.status, task.not_before, task.lease_seconds = "running", None, lease_seconds
        task.lease = now + timedelta(seconds=lease_seconds)

    def is_shunned(self, task: Task, node: Node, now: datetime) -> bool:
        """It could not be started there, and another worker could try; or its checkpoints are elsewhere."""
        if task.home and task.home_until and now < task.home_until:
            return task.home != (node.name, node.birth)
        failed = {
            (each.worker, each.birth) for each in task.tries if each.reason == "never_started"
        }
        if (node.name, node.birth) not in failed:
            return False
        return any(
            (other.name, other.birth) not in failed and other.could_ever(task.need)
            for other in self.nodes.values()
            if other.is_online(now) and other.takes_jobs()
        )

    def end(
        self, task: Task, status: str, reason: str, now: datetime, *, code: int | None = None
    ) -> None:
        attempt = task.tries[-1]
        if task.cancel:
            status, reason = "cancelled", "cancelled_by"
        attempt.status, attempt.reason, attempt.ended = status, reason, now
        task.status, wait = self._fate(task, status, reason, code)
        task.lease = task.overdue = None
        if task.status == "queued":
            task.not_before = now + timedelta(seconds=wait) if wait else None
            task.touched = False
            self._goes_home(task, now + timedelta(seconds=wait), now)
        else:
            task.reason = reason
        self.cascade()

    def _goes_home(self, task: Task, runs_from: datetime, now: datetime) -> None:
        attempt = task.tries[-1]
        node = self.nodes[attempt.worker]
        waits = node.is_online(now) and node.takes_jobs() and node.birth == attempt.birth
        task.home = (node.name, node.birth) if waits and attempt.status == "preempted" else None
        task.home_until = runs_from + PATIENCE

    def starts_from(self, task: Task, moment: datetime) -> None:
        task.not_before, task.home_until = moment, moment + PATIENCE

    def was_requeued(self, pair: Pair) -> bool:
        """By a person, and nobody has it yet: what its agent still says of it counts."""
        task = self.tasks[pair[0]]
        attempt = task.tries[-1]
        newest = task.status == "queued" and len(task.tries) == pair[1]
        return newest and attempt.status == "preempted" and attempt.overruled

    def is_over(self, task: Task, now: datetime) -> None:
        """Nothing of the requeued attempt runs any more; a back-off stays."""
        rested = (task.tries[-1].ended or now) + timedelta(seconds=self._pause(task))
        soonest = max(now, rested)
        if task.not_before and soonest < task.not_before:
            self.starts_from(task, soonest)

    def takes_nothing(self, node: Node) -> None:
        """What waits for it need not any more."""
        for task in self.tasks.values():
            if task.home == (node.name, node.birth):
                task.home = None

    def _fate(self, task: Task, status: str, reason: str, code: int | None) -> tuple[str, int]:
        """(status of the job, seconds until it may start again)."""
        plain = {"succeeded": "completed", "cancelled": "cancelled", "preempted": "queued"}
        if reason == "preempted":
            return "queued", self._pause(task)
        if status in plain:
            return plain[status], 0
        if reason == "exit_nonzero" and task.codes and code not in task.codes:
            return "failed", 0
        same = [each for each in task.tries if each.reason == reason]
        if reason == "worker_lost":
            return ("queued" if len(same) < LOST_CAP else "failed"), 0
        often, cap = len(same), NEVER_STARTED_CAP - 1
        if reason != "never_started":
            own = [each for each in task.tries if each.status in ("failed", "timed_out")]
            often, cap = sum(each.reason != "never_started" for each in own), task.retries
        return ("queued", min(2**often, 600)) if often <= cap else ("failed", 0)

    def _pause(self, task: Task) -> int:
        """Longer with each attempt that asked to be requeued and did nothing else."""
        quick = 0
        for each in reversed(task.tries):
            if each.reason != "preempted" or not each.ended or each.ended - each.started >= QUICK:
                break
            quick += 1
        return min(2**quick, 600) if quick else 0

    def reinstate(self, task: Task, node: Node | None, now: datetime, lease_seconds: int) -> None:
        attempt = task.tries[-1]
        attempt.status, attempt.reason = "running", ""
        attempt.swept = attempt.overruled = False
        attempt.birth = node.birth if node else attempt.birth
        self._runs(task, now, lease_seconds)

    def may_come_back(self, pair: Pair) -> bool:
        task = self.tasks[pair[0]]
        attempt = task.tries[-1]
        newest = task.status == "queued" and len(task.tries) == pair[1]
        return newest and attempt.status == "lost" and not task.cancel
