"""Why a job waits, in one sentence, as far as the rows that a page has loaded anyway can tell."""

from collections.abc import Sequence
from datetime import datetime

from dashboard import words
from jobs.matching import Free, place_for
from jobs.models import Job, Worker
from jobs.selectors import WorkerView
from jobs.states import JobStatus, WorkerStatus

WORKING = {WorkerStatus.IDLE, WorkerStatus.BUSY}


def reason(job: Job, workers: Sequence[WorkerView], *, ahead: int, now: datetime) -> str:
    """The first thing that keeps `job` from starting; `ahead` jobs stand before it in the queue."""
    if job.status == JobStatus.WAITING:
        return "waits for the jobs it depends on"
    if job.not_before and job.not_before > now:
        left = words.duration((job.not_before - now).total_seconds())
        return f"tries again in {left}"
    working = [view for view in workers if view.status in WORKING]
    if not working:
        return no_worker(workers)
    fitting = [view for view in working if fits(view.worker, job)]
    if not fitting:
        return "no worker here has what it needs"
    if not any(has_room(view, job) for view in fitting):
        return f"all that fit are busy ({words.plural(len(fitting), 'worker')})"
    return f"{words.plural(ahead, 'job')} before it" if ahead else "next to start"


def no_worker(workers: Sequence[WorkerView]) -> str:
    """What to say where no worker takes jobs."""
    states = [str(view.status) for view in workers]
    if not states:
        return "no worker is connected"
    counted = {state: states.count(state) for state in sorted(set(states))}
    return "no worker takes jobs: " + ", ".join(f"{n} {state}" for state, n in counted.items())


def fits(worker: Worker, job: Job) -> bool:
    """Whether the worker could run the job if it were empty."""
    everything = Free([gpu["index"] for gpu in worker.gpus], 0 if worker.gpus else worker.slots)
    return place_for(job.requirement, worker, everything) is not None


def has_room(view: WorkerView, job: Job) -> bool:
    """Whether the worker could start the job now."""
    gpus = view.worker.gpus
    free = Free(
        gpus=[gpu["index"] for gpu in gpus if gpu["index"] not in view.by_gpu],
        slots=0 if gpus else view.worker.slots - len(view.attempts),
    )
    return place_for(job.requirement, view.worker, free) is not None
