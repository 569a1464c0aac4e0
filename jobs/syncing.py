"""One exchange with an agent: what it has, what it should do."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from jobs import claiming, leases
from jobs.claiming import Order
from jobs.errors import NotFound, WorkerNameTaken
from jobs.leases import Pair
from jobs.models import Attempt, Worker

SHIP_INTERVAL = 1.0  # seconds


@dataclass(frozen=True, slots=True)
class Report:
    """What the agent says: see "Sync" in docs/wire-protocol.md."""

    session: str = ""
    claim_id: str = ""
    free_gpus: list[int] = field(default_factory=list)
    free_slots: int = 0
    accepting: bool = True
    running: list[Pair] = field(default_factory=list)
    cancelling: list[Pair] = field(
        default_factory=list
    )  # of those running: cancels that it knows of
    lease_seconds: int = 60
    hold_seconds: float = 0
    load: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Orders:
    """What the agent is told."""

    serial: int  # of this request among the worker's; a newer one releases it
    jobs: list[Order]
    cancel: list[Pair]
    lost: list[Pair]
    draining: bool
    disabled: bool
    released: bool = False

    def has_news(self) -> bool:
        return bool(self.jobs or self.cancel or self.lost or self.released)

    def as_json(self) -> dict[str, Any]:
        return {
            "jobs": [order.as_json() for order in self.jobs],
            "cancel": _pairs(self.cancel),
            "lost": _pairs(self.lost),
            "draining": self.draining,
            "disabled": self.disabled,
            "ship_interval": SHIP_INTERVAL,
        }


def _pairs(pairs: list[Pair]) -> list[dict[str, int]]:
    return [{"job_id": job_id, "attempt": number} for job_id, number in pairs]


@transaction.atomic
def exchange(worker_id: str, report: Report, *, now: datetime, serial: int | None = None) -> Orders:
    """Renew, then say what there is to do. `serial=None` begins a request; later looks for it repeat its serial.

    Raises NotFound for an unknown worker and WorkerNameTaken for one that another session holds.
    """
    worker = Worker.objects.select_for_update(no_key=True).filter(worker_id=worker_id).first()
    if worker is None:
        raise NotFound(f"there is no worker {worker_id!r}; register it first")
    if report.session and worker.session and worker.session != report.session:
        raise WorkerNameTaken(f"another agent registered as {worker_id!r}")
    if serial is None:
        serial = _begin(worker, report, now=now)
    elif serial != worker.sync_serial:
        return Orders(serial, [], [], [], worker.draining, worker.disabled, released=True)
    renewal = leases.renew(worker, report.running, lease_seconds=report.lease_seconds, now=now)
    owned = claiming.running_attempts(worker)
    jobs = _again(owned, report) or _new(worker, owned, report, now=now)
    return Orders(
        serial=serial,
        jobs=jobs,
        cancel=_to_cancel(owned, renewal.cancelled, report),
        lost=renewal.lost,
        draining=worker.draining,
        disabled=worker.disabled,
    )


def _to_cancel(owned: list[Attempt], cancelled: list[Pair], report: Report) -> list[Pair]:
    """What the agent must kill and does not know of yet; `cancelled` ended here while the agent was away."""
    known = set(report.cancelling)
    wanted = [(each.job_id, each.number) for each in owned if each.job.cancel_requested]
    return [pair for pair in [*wanted, *cancelled] if pair not in known]


def _begin(worker: Worker, report: Report, *, now: datetime) -> int:
    Worker.objects.filter(pk=worker.pk).update(
        sync_serial=F("sync_serial") + 1, heartbeat_at=now, online=True, load=report.load
    )
    return worker.sync_serial + 1


def _again(owned: list[Attempt], report: Report) -> list[Order]:
    """Jobs that were claimed by this very request, and of which the agent does not know: the answer got lost."""
    known = set(report.running)
    return [
        Order(attempt.job, attempt)
        for attempt in owned
        if attempt.claim_id
        and attempt.claim_id == report.claim_id
        and (attempt.job_id, attempt.number) not in known
    ]


def _new(worker: Worker, owned: list[Attempt], report: Report, *, now: datetime) -> list[Order]:
    if not report.accepting or worker.draining or worker.disabled:
        return []
    free = claiming.free_of(worker, owned, gpus=report.free_gpus, slots=report.free_slots)
    return claiming.claim(
        worker, free, claim_id=report.claim_id, lease_seconds=report.lease_seconds, now=now
    )
