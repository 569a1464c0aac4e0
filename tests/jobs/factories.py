"""Workers and jobs as their own makers produce them, with every value that a test does not care about."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from jobs import cancelling, finishing, leases, submitting, syncing, workers
from jobs.finishing import Outcome, Report
from jobs.models import Attempt, Job, Worker
from jobs.submitting import Submission
from jobs.syncing import Orders
from jobs.workers import Hardware

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
LEASE = 60


def after(seconds: float, since: datetime = NOON) -> datetime:
    return since + timedelta(seconds=seconds)


def gpu(index: int, memory_mb: int = 40_000) -> dict[str, Any]:
    return {"index": index, "name": "A100", "uuid": f"GPU-{index}", "memory_mb": memory_mb}


def make_worker(
    name: str = "node1",
    gpus: int | list[dict[str, Any]] = 1,
    *,
    now: datetime = NOON,
    session: str = "",
    **facts: Any,
) -> Worker:
    """A registered worker; `gpus` is their number, or the list of them."""
    found = [gpu(index) for index in range(gpus)] if isinstance(gpus, int) else gpus
    hardware = Hardware(hostname=f"{name}.example", gpus=found, **facts)
    return workers.register(name, hardware, session=session, now=now)


def make_job(*, now: datetime = NOON, user: str = "ada", **wish: Any) -> Job:
    """A queued job."""
    told = {"command_argv": ["python", "train.py"], "workdir": "/work"} | wish
    return submitting.submit(Submission(**told), user=user, now=now)


def sync(
    worker: Worker,
    *,
    now: datetime = NOON,
    serial: int | None = None,
    gpus: list[int] | None = None,
    **report: Any,
) -> Orders:
    """One exchange of an agent that calls every GPU and slot free, unless the test says what it reports."""
    told: dict[str, Any] = {
        "free_gpus": [each["index"] for each in worker.gpus] if gpus is None else gpus,
        "free_slots": 0 if worker.gpus else worker.slots,
        "lease_seconds": LEASE,
    }
    return syncing.exchange(
        worker.worker_id, syncing.Report(**told | report), now=now, serial=serial
    )


def claim(worker: Worker, *, now: datetime = NOON, **report: Any) -> Attempt:
    """The one attempt that this worker is given now."""
    (order,) = sync(worker, now=now, **report).jobs
    return order.attempt


def finish(
    attempt: Attempt,
    outcome: Outcome = Outcome.EXITED,
    *,
    now: datetime = NOON,
    exit_code: int | None = None,
    worker_id: str = "",
    **told: Any,
) -> Job:
    """The agent's report; an `exited` one says exit code 0 unless the test says another."""
    if outcome == Outcome.EXITED and exit_code is None and "signal" not in told:
        exit_code = 0
    report = Report(worker_id or attempt.worker_name, outcome, exit_code, **told)
    return finishing.finish(attempt.job_id, attempt.number, report, now=now)


def cancel(job: Job, *, actor: str = "ada", now: datetime = NOON) -> str:
    return cancelling.cancel(job.pk, actor=actor, now=now)


def expire(*, now: datetime) -> int:
    """The sweep of silent workers' leases."""
    return leases.requeue_expired(now=now)


def fresh(job: Job) -> Job:
    return Job.objects.select_related("run", "worker").get(pk=job.pk)


def kinds(job: Job) -> list[str]:
    """What happened to the job, in order."""
    return list(job.events.order_by("pk").values_list("kind", flat=True))


def wish(**told: Any) -> Submission:
    return Submission(**{"command_argv": ["python", "train.py"], "workdir": "/work"} | told)


def make_array(spec: str, *, now: datetime = NOON, user: str = "ada", **told: Any) -> list[Job]:
    """The members, queued or waiting for their turn."""
    return submitting.submit_array(wish(**told), spec, user=user, now=now)


def statuses(jobs: Iterable[Job]) -> list[str]:
    """As the database has them now, in the order given."""
    found = dict(Job.objects.values_list("pk", "status"))
    return [found[job.pk] for job in jobs]


def run_through(worker: Worker, exit_code: int = 0, *, now: datetime = NOON) -> list[int]:
    """Claim what the worker is given and end it; the jobs' numbers."""
    orders = sync(worker, now=now).jobs
    for order in orders:
        finish(order.attempt, exit_code=exit_code, now=now)
    return [order.job.pk for order in orders]
