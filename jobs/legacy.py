"""Workers of whirr 0.5: they name themselves and no attempt, so the attempt is the one they were given last."""

import threading
from datetime import datetime, timedelta

from django.db import transaction

from jobs import claiming, finishing, in_flight, leases, owning
from jobs.claiming import Order
from jobs.errors import NotFound
from jobs.finishing import Outcome
from jobs.matching import Free
from jobs.models import Attempt, Job, Worker
from jobs.owning import owned_by
from jobs.states import AttemptStatus
from jobs.taking import Taker


def worker_of(name: str) -> tuple[Worker, list[int] | None]:
    """The worker of that name, or the one of which `<name>-gpu<n>` is a GPU, then with that GPU's index.

    Raises NotFound.
    """
    if worker := Worker.objects.filter(worker_id=name).first():
        return worker, None
    base, _, index = name.rpartition("-gpu")
    worker = Worker.objects.filter(worker_id=base).first() if index.isdecimal() else None
    if worker is None:
        raise NotFound(f"there is no worker {name!r}; register it first")
    return worker, [int(index)]


# Claims that look at the same time choose the same job, and all but one have to look again.
_one_at_a_time = threading.Lock()


def claim(name: str, gpu_id: int | None, *, lease_seconds: int, now: datetime) -> Order | None:
    """One job, or None. Raises NotFound."""
    if not _one_at_a_time.acquire(timeout=1):  # it asks again in a few seconds
        return None
    try:
        with in_flight.choosing(), transaction.atomic():
            return _claim(name, gpu_id, lease_seconds=lease_seconds, now=now)
    finally:
        _one_at_a_time.release()


def _claim(name: str, gpu_id: int | None, *, lease_seconds: int, now: datetime) -> Order | None:
    worker, gpus = worker_of(name)
    worker = Worker.objects.select_for_update(no_key=True).get(pk=worker.pk)
    Worker.objects.filter(pk=worker.pk).update(heartbeat_at=now, online=True)
    if worker.draining or worker.disabled:
        return None
    wanted = gpus or ([gpu_id] if gpu_id is not None else [gpu["index"] for gpu in worker.gpus])
    owned = owning.running_on([worker])[worker.pk]
    free = claiming.free_of(worker, owned, gpus=wanted, slots=worker.slots)
    if worker.gpus:  # it knows of one GPU a job
        free = Free(free.gpus[:1], 0)
    elif (
        not worker.session
    ):  # all of a node go by one name, and each asks when it has nothing to do
        free = Free([], 1)
    taker = Taker(worker, owned, free, claim_id="", lease_seconds=lease_seconds, most=1)
    orders = claiming.hand_out([taker], now=now).get(worker.pk, [])
    return orders[0] if orders else None


def held_attempt(job_id: int, name: str) -> Attempt | None:
    """The newest attempt of the job, if it is this worker's."""
    job = Job.objects.filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    attempt = Attempt.objects.filter(job=job, number=job.attempt).select_related("worker").first()
    names = {name, name.rpartition("-gpu")[0]}
    return attempt if attempt and attempt.worker_name in names else None


@transaction.atomic
def renew(job_id: int, name: str, *, lease_seconds: int, now: datetime) -> tuple[datetime, bool]:
    """(end of the lease, whether a cancel is wanted). Raises NotFound where this worker does not hold the job."""
    attempt = held_attempt(job_id, name)
    if attempt is None or attempt.worker is None:
        raise NotFound(f"job {job_id} is not held by {name}")
    Worker.objects.select_for_update(no_key=True).get(pk=attempt.worker.pk)
    pair = (attempt.job_id, attempt.number)
    owned = [owned_by(attempt)] if attempt.status == AttemptStatus.RUNNING else []
    holder = leases.Holder(attempt.worker, {pair}, owned, lease_seconds)
    (renewal,) = leases.renew_all([holder], now=now)
    lost = renewal.lost
    job = Job.objects.get(pk=job_id)
    if lost or job.lease_expires_at is None:
        raise NotFound(f"job {job_id} is not held by {name} any more")
    Worker.objects.filter(pk=attempt.worker.pk).update(heartbeat_at=now, online=True)
    return now + timedelta(seconds=lease_seconds), job.cancel_requested


def finish(job_id: int, name: str, *, exit_code: int, message: str, now: datetime) -> Job | None:
    """End the job; None where another worker holds it. Raises NotFound, LeaseLost."""
    attempt = held_attempt(job_id, name)
    if attempt is None:
        return None
    # What it runs knows nothing of exit code 85: there a failure is a failure.
    told = (attempt.worker_name, Outcome.EXITED, exit_code, None, message)
    report = finishing.Report(*told, may_requeue=False)
    return finishing.finish(job_id, attempt.number, report, now=now)
