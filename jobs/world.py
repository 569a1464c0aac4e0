"""All that decides where a job could start, as one moment shows it. Reads only; the same functions as a claim uses."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs import blocked, claiming, matching, owning, reserving, shunning
from jobs.blocked import Blocked
from jobs.lanes import Head
from jobs.matching import Free
from jobs.models import Job, Requirement, Worker
from jobs.owning import Owned
from jobs.quotas import Caps
from jobs.reserving import Reservation
from jobs.shunning import Pair
from jobs.states import WorkerStatus


@dataclass(slots=True)
class World:
    """Workers by name with what runs on them, what is free and for whom it is kept; quotas; failed starts."""

    now: datetime
    workers: list[Worker]
    owned: dict[int, list[Owned]]  # by the worker's key, as all of these
    free: dict[int, Free]
    blocked: dict[int, list[Blocked]]
    status: dict[int, WorkerStatus]
    kept: dict[int, Reservation]
    shunned: dict[Pair, str]
    caps: Caps

    @classmethod
    def read(cls, needs: Iterable[Requirement], *, now: datetime) -> "World":
        """At most eight queries, whatever the number of workers and jobs. `needs`: those that will be asked about."""
        workers = list(Worker.objects.select_related("reserved_for__requirement"))
        owned = owning.running_on(workers)
        out = {worker.pk: blocked.of(worker) for worker in workers}
        free = {worker.pk: _free(worker, owned[worker.pk], out[worker.pk]) for worker in workers}
        kept = {
            worker.pk: reserving.seen(
                worker, worker.reserved_for, owned[worker.pk], free[worker.pk]
            )
            for worker in workers
            if worker.reserved_for_id is not None
        }
        return cls(
            now=now,
            workers=workers,
            owned=owned,
            free=free,
            blocked=out,
            status={
                worker.pk: worker.status(now=now, busy=bool(owned[worker.pk])) for worker in workers
            },
            kept={pk: each for pk, each in kept.items() if each is not None},
            shunned=shunning.shunned(workers, now=now),
            caps=Caps.read(needs),
        )

    def takes_jobs(self, worker: Worker) -> bool:
        there = self.status[worker.pk] in (WorkerStatus.IDLE, WorkerStatus.BUSY)
        return there and not worker.disk_full

    def serves(self, need: Requirement, worker: Worker) -> bool:
        """Whether it could run such a job if nothing else ran there, with the GPUs that are not blocked."""
        whole = matching.everything(worker)
        out = blocked.indices(self.blocked[worker.pk])
        left = Free([index for index in whole.gpus if index not in out], whole.slots)
        return matching.place_for(need, worker, left) is not None

    def by_job(self) -> dict[int, set[int]]:
        """The workers (keys) that each job is kept away from."""
        found: dict[int, set[int]] = defaultdict(set)
        for job_id, worker in self.shunned:
            found[job_id].add(worker)
        return found


def _free(worker: Worker, owned: list[Owned], out: list[Blocked]) -> Free:
    """What the server knows to be free: what an agent that has nothing else to do will report."""
    everything = matching.everything(worker)
    left = [index for index in everything.gpus if index not in blocked.indices(out)]
    return claiming.free_of(worker, owned, gpus=left, slots=everything.slots)


def head_of(job: Job) -> Head:
    """The job as choosing sees it."""
    return Head(
        job.pk,
        job.requirement,
        job.priority,
        job.attempt,
        job.timeout_seconds,
        job.grace_seconds,
        job.queued_at,
        job.prefers_id,
        job.prefers_until,
    )
