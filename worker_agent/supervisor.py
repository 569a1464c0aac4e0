"""The main loop: starts jobs, watches them, ends them. It alone starts and reaps processes.

Other threads leave messages and ring; everything about processes happens here, one step at a time.
"""

from __future__ import annotations

import time

from whirr.wire.lean import TYPE_CHECKING, deque
from worker_agent import children, environment, kernel, processes, records, spawn
from worker_agent.job import Job
from worker_agent.order import Outcome
from worker_agent.reaper import Reaper
from worker_agent.trees import Tree, none_but
from worker_agent.unkillable import Unkillable

if TYPE_CHECKING:
    from worker_agent.board import Board
    from worker_agent.cgroup import Cgroup, Place
    from worker_agent.guard import Guard
    from worker_agent.log import Log
    from worker_agent.order import Key, Order
    from worker_agent.records import Record
    from worker_agent.shipping.shipper import Shipper
    from worker_agent.wake import Wake

_EXCLUSIVE_MARGIN = 5.0  # between the last SIGKILL and the moment the lease may be given away
_LAST_GRACE = 5.0  # for a person who asked twice to stop


class Supervisor:
    def __init__(
        self,
        *,
        board: Board,
        shipper: Shipper,
        wake: Wake,
        state_folder: str,
        data_dir: str,
        server_url: str,
        gpu_names: dict[int, str] | None,
        lease_seconds: float,
        log: Log,
        place: Place | None = None,
        guard: Guard | None = None,
    ) -> None:
        self.wake = wake
        self.unkillable = Unkillable(board, log)
        self._board = board
        self._shipper = shipper
        self._state_folder = state_folder
        self._data_dir = data_dir
        self._server_url = server_url
        self._gpu_names = gpu_names
        self._lease_seconds = lease_seconds
        self._log = log
        self._place = place  # where each attempt gets a cgroup
        self._reaper = Reaper(guard, log)
        own = children.abandoned if guard is None else {guard.pid, *children.abandoned}
        self._alone = none_but(own)
        if not self._alone:
            log.info("other processes come to this agent: an orphan without any mark is left alone")
        self._jobs: dict[Key, tuple[Job, Record]] = {}
        self._orders: deque[Order] = deque()
        self._cancelled: deque[Key] = deque()
        self._lost: deque[tuple[Key, bool]] = deque()
        self._given_up: set[Key] = set()
        self._closing = False

    # Called by other threads.

    def order(self, order: Order) -> None:
        self._orders.append(order)
        self.wake.ring()

    def cancel(self, key: Key) -> None:
        self._cancelled.append(key)
        self.wake.ring()

    def lose(self, key: Key, *, for_good: bool) -> None:
        """Not ours any more. `for_good` says that the report of its end is unwanted, too."""
        self._lost.append((key, for_good))
        self.wake.ring()

    # Called by the main thread.

    @property
    def busy(self) -> bool:
        # What cannot be killed is told, and kept away from others; an agent that stops does not wait.
        return bool(self._orders) or any(not job.stuck for job, _ in self._jobs.values())

    def step(self) -> float | None:
        """Do all that is due; how many seconds until something may be due again."""
        self._take_messages()
        now = time.monotonic()
        looks = [self._step_job(key, now) for key in list(self._jobs)]
        buried = self._reaper.step({job.tree.pid for job, _ in self._jobs.values()})
        due = [at for at in (*looks, buried, self.unkillable.step(now)) if at is not None]
        return max(0.0, min(due) - time.monotonic()) if due else None

    def running(self) -> list[tuple[Order, Tree]]:
        return [(job.order, job.tree) for job, _ in self._jobs.values() if not job.ended]

    def stop_all(self, why: str, *, grace: float | None = None) -> None:
        """Hand back what runs (`worker_shutdown`)."""
        for key, (job, _) in self._jobs.items():
            limit = job.order.grace_seconds if grace is None else grace
            outcome = Outcome("worker_shutdown", error_message=why)
            job.stop(outcome, time.monotonic(), limit, self._others(key))

    def hand_back_unstarted(self) -> None:
        """An agent that stops begins nothing new, not even what it was just given."""
        self._closing = True
        while self._orders:
            self._hand_back(self._orders.popleft(), "the agent was stopping")

    def _hand_back(self, order: Order, why: str) -> None:
        self._log.info(f"job {order.job_id} is handed back: {why}")
        record = records.create(self._state_folder, order)
        outcome = Outcome("worker_shutdown", error_message=why)
        self._report_unstarted(order, record, outcome)

    def kill_all(self) -> None:
        self.stop_all("the agent was told twice to stop", grace=_LAST_GRACE)

    def _take_messages(self) -> None:
        now = time.monotonic()
        while self._orders:
            self._start(self._orders.popleft())
        while self._cancelled:
            key = self._cancelled.popleft()
            if key in self._jobs:
                job = self._jobs[key][0]
                self._log.info(f"job {key[0]} is cancelled: stopping it")
                job.stop(Outcome("cancelled"), now, job.order.grace_seconds, self._others(key))
        while self._lost:
            key, for_good = self._lost.popleft()
            if key in self._jobs:
                self._give_up(key, now)
            elif for_good:
                self._forget(key)

    def _give_up(self, key: Key, now: float) -> None:
        if key in self._given_up:
            return
        self._given_up.add(key)
        self._board.is_lost(key)
        self._log.warning(f"job {key[0]}: attempt {key[1]} is not ours any more, killing it")
        self._shipper.forget(key)
        job = self._jobs[key][0]
        job.stop(Outcome("lost"), now, job.order.grace_seconds, self._others(key))

    def _forget(self, key: Key) -> None:
        self._given_up.discard(key)
        records.delete(self._state_folder, key)
        self._board.done_with(key)

    def _start(self, order: Order) -> None:
        why = "the agent was stopping" if self._closing else self._board.refusal(order)
        if why:
            self._hand_back(order, why)
            return
        cgroup = None if self._place is None else self._place.begin(order.key)
        record = records.create(self._state_folder, order, cgroup)
        try:
            if not record.saved:
                raise spawn.NeverStarted(f"the agent cannot write to {self._state_folder}")
            folder = spawn.prepare(order, self._data_dir)
            conflict = self._board.conflict(order)
            if conflict:
                raise spawn.NeverStarted(conflict)
            env = environment.for_job(order, folder, self._server_url, gpu_names=self._gpu_names)
            process = spawn.start(order, folder, env, cgroup)
        except (spawn.NeverStarted, OSError) as error:
            self._never_started(order, record, str(error))
            self._leave(cgroup)
            return
        main = processes.look(process.pid)
        if main is not None:  # it is our child and not reaped yet, so it cannot be missing
            record.started(main.pid, main.ticks)
        tree = Tree(process.pid, folder, cgroup, alone=self._alone)
        self._jobs[order.key] = (Job(order, process, tree), record)
        self._shipper.follow(record)
        gpus = f" on GPU {','.join(map(str, order.gpus))}" if order.gpus else ""
        self._log.info(f"job {order.job_id}: attempt {order.attempt} runs as {process.pid}{gpus}")

    def _never_started(self, order: Order, record: Record, why: str) -> None:
        self._log.warning(f"job {order.job_id} could not be started: {why}")
        outcome = Outcome("never_started", error_message=why)
        self._report_unstarted(order, record, outcome)

    def _report_unstarted(self, order: Order, record: Record, outcome: Outcome) -> None:
        self._board.hardware_is_free(order.key)
        record.ended(outcome)
        self._shipper.follow(record)
        self._shipper.ended(order.key)

    def _leave(self, cgroup: Cgroup | None) -> None:
        if self._place is not None and cgroup is not None:
            self._place.end(cgroup)

    def _step_job(self, key: Key, now: float) -> float | None:
        job, record = self._jobs[key]
        due = self._guard_exclusive(job, now)
        hung = bool(job.stuck)
        next_look = job.step(now, self._others(key))
        if job.stuck and not hung:
            self.unkillable.add(job.order.gpus, job.stuck)
        if job.outcome is not None and record.outcome is None and key not in self._given_up:
            record.ended(job.outcome)
            self._log.info(f"job {key[0]}: {_in_words(job.outcome)}")
            self._shipper.ended(key)
        if job.gone:
            del self._jobs[key]
            self._leave(job.tree.cgroup)
            self._board.hardware_is_free(key, used=True)
            if key in self._given_up:
                self._forget(key)
            return None
        times = [at for at in (due, next_look) if at is not None]
        return min(times) if times else None

    def _guard_exclusive(self, job: Job, now: float) -> float | None:
        """An exclusive job must be gone before the server may give its lease to somebody else."""
        if not job.order.exclusive or job.ended:
            return None
        grace = min(job.order.grace_seconds, self._lease_seconds / 4)
        left = self._board.lease_until(job.order.key) - kernel.now() - grace - _EXCLUSIVE_MARGIN
        if left > 0:
            return now + left
        why = "stopped because its lease could not be renewed in time (exclusive job)"
        outcome = Outcome("lost", error_message=why)
        job.stop(outcome, now, grace, self._others(job.order.key))
        return None

    def _others(self, key: Key) -> list[Tree]:
        return [job.tree for other, (job, _) in self._jobs.items() if other != key]


def _in_words(outcome: Outcome) -> str:
    if outcome.kind != "exited":
        return f"{outcome.kind.replace('_', ' ')} {outcome.error_message}".rstrip()
    if outcome.signal is not None:
        return f"ended by signal {outcome.signal}"
    return f"exited with {outcome.exit_code}"
