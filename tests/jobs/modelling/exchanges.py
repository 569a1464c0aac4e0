"""One exchange of an agent, judged: what it was told, what it was given, and what was left lying."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import syncing
from jobs.errors import NotFound
from jobs.models import Worker
from jobs.syncing import Orders, Report
from tests.jobs.modelling.model import Model, Pair, Task, Try
from tests.jobs.modelling.nodes import Node
from tests.jobs.modelling.reality import Reality


@dataclass
class Exchange:
    """A request, its answer, and the model that has to agree."""

    model: Model
    node: Node
    report: Report
    now: datetime
    web_is_alive: bool

    def deliver(self) -> Orders | None:
        """None where the server does not know the worker."""
        before = Worker.objects.filter(worker_id=self.node.name, reserved_for__isnull=False)
        self.kept_before = before.exists()
        try:
            self.orders = syncing.exchange(self.node.name, self.report, now=self.now)
        except NotFound:
            assert not self.node.there
            return None
        assert self.node.there
        self.real = Reality.read()
        self.node.seen, self.node.online = self.now, True
        self.check_renewals()
        self.check_sweep()
        self.model.fill_arrays(self.real.queued() | self._running())
        self.check_nothing_left(self.check_jobs())
        return self.orders

    def _running(self) -> set[int]:
        return {pk for pk, row in self.real.jobs.items() if row["status"] == "running"}

    # What became of the attempts that the agent named

    def check_renewals(self) -> None:
        others = []
        for pair in sorted(self.report.running):
            task = self.model.tasks.get(pair[0])
            attempt = task.tries[pair[1] - 1] if task and pair[1] <= len(task.tries) else None
            if task and attempt and self._is_mine(attempt):
                if attempt.status == "running":
                    task.lease = self.now + timedelta(seconds=self.report.lease_seconds)
                    task.lease_seconds = self.report.lease_seconds
                    self._expect(pair, cancel=task.cancel)
                else:
                    others.append((pair, task, attempt))
            else:
                self._expect(pair, lost=True)
        for pair, task, attempt in others:
            self.check_ended(pair, task, attempt)

    def _is_mine(self, attempt: Try) -> bool:
        return attempt.worker == self.node.name

    def _expect(self, pair: Pair, *, lost: bool = False, cancel: bool = False) -> None:
        assert (pair in self.orders.lost) == lost, f"{pair}: lost is {not lost}"
        known = pair in self.report.cancelling
        assert (pair in self.orders.cancel) == (cancel and not known), f"{pair}: {self.orders}"

    def check_ended(self, pair: Pair, task: Task, attempt: Try) -> None:
        if attempt.status not in ("lost", "preempted") or attempt.overruled:
            self._expect(pair, cancel=attempt.status == "cancelled" or attempt.overruled)
            return
        came_back = pair not in self.orders.lost
        may = self.model.may_come_back(pair) and not task.held and self._has_place(attempt)
        must = may and attempt.swept and not task.touched
        must = must and self.model.has_room(task.need, len(attempt.gpus))
        assert came_back <= may, f"{pair} came back: {task}"
        assert came_back >= must, f"{pair} was called lost: {task}"
        self._expect(pair, lost=not came_back)
        if came_back:
            self.model.reinstate(task, self.node, self.now, self.report.lease_seconds)
            task.overdue = self.real.jobs[task.pk]["overdue_at"]
            assert (task.overdue is None) == (task.timeout is None), "its time limit is forgotten"

    def _has_place(self, attempt: Try) -> bool:
        gpus, slots = self.model.free(self.node)
        return set(attempt.gpus) <= gpus if attempt.gpus else slots > 0

    # What it was given

    def _wants(self) -> bool:
        room = self.report.free_gpus or self.report.free_slots
        return bool(room) and self.report.accepting and self.node.takes_jobs()

    def check_sweep(self) -> None:
        """Whoever stays without work sweeps what ran out, while the server could be told of a renewal."""
        running = self.model.running()
        expired = [task for task, _ in running if task.lease and task.lease < self.now]
        swept = [task for task in expired if self._was_swept(task)]
        if swept:
            assert swept == expired and self._wants() and self.web_is_alive
        elif self._wants() and self.web_is_alive:
            assert not expired or self.orders.jobs, "expired leases were left"
        for task in swept:
            task.tries[-1].swept = True
            self.model.end(task, "lost", "worker_lost", self.now)

    def _was_swept(self, task: Task) -> bool:
        row = self.real.attempts[task.pk][len(task.tries) - 1]
        return bool(row["status"] != "running")

    def _redelivered(self) -> list[Pair]:
        known = self.report.running
        return [
            (task.pk, len(task.tries))
            for task, attempt in self.model.running()
            if self._is_mine(attempt)
            and attempt.claim_id == self.report.claim_id
            and (task.pk, len(task.tries)) not in known
        ]

    def check_jobs(self) -> list[Task]:
        """Either what a lost answer had given already, or what is new; the new ones."""
        given = {(order.job.pk, order.attempt.number): order for order in self.orders.jobs}
        again = self._redelivered()
        self.check_cancelled_unheard(again)
        again = [pair for pair in again if not self.model.tasks[pair[0]].cancel]
        if again:
            assert sorted(given) == sorted(again), f"given again: {sorted(given)}, not {again}"
            for pk, _ in again:
                self.model.limit_from(self.model.tasks[pk], self.now)  # it starts only now
            return []
        assert not given or self._wants()
        fresh = []
        for (pk, number), order in given.items():
            task, attempt = self.model.tasks[pk], order.attempt
            assert number == len(task.tries) + 1
            found = Try(
                self.node.name,
                self.node.birth,
                tuple(attempt.gpus),
                self.report.claim_id,
                self.now,
            )
            assert set(found.gpus) <= set(self.report.free_gpus)
            self.model.claim(task, self.node, found, self.report.lease_seconds)
            fresh.append(task)
        return fresh

    def check_cancelled_unheard(self, again: list[Pair]) -> None:
        """Given in an answer that got lost, and cancelled since: it ends, for nobody has started it."""
        for pk, _ in again:
            task = self.model.tasks[pk]
            if task.cancel:
                assert self.real.jobs[pk]["status"] == "cancelled", f"{task} started after all"
                self.model.end(task, "cancelled", "cancelled_by", self.now)

    # What was left

    def check_nothing_left(self, fresh: list[Task]) -> None:
        if not self._wants() or self._redelivered_before(fresh):
            return
        gpus, slots = self.model.free(self.node)
        in_slots = sum(not task.tries[-1].gpus for task in fresh)
        gpus, slots = (
            gpus & set(self.report.free_gpus),
            min(slots, self.report.free_slots - in_slots),
        )
        kept_for = self.real.workers[self.node.name]["reserved_for_id"]
        if kept_for is not None:
            self.check_reservation(self.model.tasks[kept_for])
        left = [
            task
            for task in self.model.tasks.values()
            if task.may_start(self.now)
            and self.node.fits(task.need, gpus, slots)
            and self.model.has_room(task.need, self.node.size(task.need))
            and not self.model.is_shunned(task, self.node, self.now)
        ]
        if kept_for is not None:
            kept = self.model.tasks[kept_for]
            left = [each for each in left if self._passes(each, kept)]
        elif self.kept_before:  # what it kept back may be chosen only next time
            return
        assert not left, f"{self.node} stays idle, though these could run: {left}"
        for task in fresh if kept_for is None else []:
            self.check_order(task)

    def _passes(self, task: Task, kept: Task) -> bool:
        no_gpu = self.node.size(task.need) == 0
        return no_gpu or task.pk == kept.pk or task.priority > kept.priority

    def _redelivered_before(self, fresh: list[Task]) -> bool:
        return bool(self.orders.jobs) and not fresh

    def check_reservation(self, task: Task) -> None:
        """GPUs are kept only for a job that could be given them here."""
        need, node = task.need, self.node
        assert task.status == "queued" and not task.held and not task.cancel
        assert node.could_ever(need) and node.size(need) > 1
        assert not self.model.is_shunned(task, node, self.now), f"kept for {task}, shunned here"
        for account in need.accounts():
            allowed = self.model.limits.allows(account, jobs=1, gpus=node.size(need))
            assert allowed, f"kept for {task}, which a quota forbids for ever"

    def check_order(self, task: Task) -> None:
        """In one line, priority comes first, then age."""
        for other in self.model.tasks.values():
            if other.need != task.need or not other.may_start(self.now):
                continue
            later = (-other.priority, other.pk) > (-task.priority, task.pk)
            assert later or self.model.is_shunned(other, self.node, self.now), (
                f"{other} should have gone before {task}"
            )
