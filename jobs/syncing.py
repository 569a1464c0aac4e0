"""Exchanges with agents: what they have, what they should do. Many at once share one transaction."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from jobs import claiming, in_flight, leases, owning, pulse, sampling
from jobs.claiming import Order
from jobs.ending import Ended, end
from jobs.errors import DomainError, NotFound, WorkerNameTaken
from jobs.leases import Holder, Pair, Renewal
from jobs.models import Attempt, Job, Worker
from jobs.owning import Owned, overdue_at
from jobs.states import AttemptStatus, Reason
from jobs.taking import Taker
from runs import attention, rows

# What an exchange reads of a worker; the rest is read when it is asked for, which is seldom.
WORKER = (
    *("id", "worker_id", "session", "hostname", "gpus", "slots", "tags", "labels", "kinds"),
    *("projects", "draining", "disabled", "sync_serial", "turn", "reserved_for_id"),
)


@dataclass(frozen=True, slots=True)
class Report:
    """What the agent says: see "Sync" in docs/wire-protocol.md."""

    session: str = ""
    claim_id: str = ""
    turn: int = 0  # grows from request to request of one agent; 0 where it does not count them
    free_gpus: list[int] = field(default_factory=list)
    free_slots: int = 0
    accepting: bool = True
    running: list[Pair] = field(default_factory=list)
    cancelling: list[Pair] = field(
        default_factory=list
    )  # of those running: cancels that it knows of
    lease_seconds: int = 60
    hold_seconds: float = 0
    ship_interval: float = 0  # seconds, as it was told last; 0 where it does not say
    load: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Ask:
    """One request of one agent. `serial=None` begins it; later looks for the same request repeat its serial."""

    worker_id: str
    report: Report
    serial: int | None = None


@dataclass(frozen=True, slots=True)
class Orders:
    """What the agent is told. `worker` is its row as of this exchange."""

    serial: int  # of this request among the worker's; a newer one releases it
    worker: Worker
    jobs: list[Order] = field(default_factory=list)
    cancel: list[Pair] = field(default_factory=list)
    lost: list[Pair] = field(default_factory=list)
    released: bool = False
    ship_interval: float = attention.WATCHED
    hurry: bool = False  # the agent sends less often than somebody who watches would like

    @property
    def flags(self) -> tuple[bool, bool]:
        return self.worker.draining, self.worker.disabled

    def has_news(self) -> bool:
        return bool(self.jobs or self.cancel or self.lost or self.released or self.hurry)

    def as_json(self) -> dict[str, Any]:
        return {
            "jobs": [order.as_json() for order in self.jobs],
            "cancel": _pairs(self.cancel),
            "lost": _pairs(self.lost),
            "draining": self.worker.draining,
            "disabled": self.worker.disabled,
            "ship_interval": self.ship_interval,
        }


def _pairs(pairs: list[Pair]) -> list[dict[str, int]]:
    return [{"job_id": job_id, "attempt": number} for job_id, number in pairs]


def exchange(worker_id: str, report: Report, *, now: datetime, serial: int | None = None) -> Orders:
    """`exchange_all` for one. Raises NotFound, WorkerNameTaken."""
    (answer,) = exchange_all([Ask(worker_id, report, serial)], now=now)
    if isinstance(answer, DomainError):
        raise answer
    return answer


def exchange_all(
    asks: Sequence[Ask], *, now: datetime, sweep: bool = True
) -> list[Orders | DomainError]:
    """Renew, then say what there is to do; an answer or a refusal for each, in their order.

    A refusal is NotFound for an unknown worker, WorkerNameTaken for one that another session holds. Where somebody
    stays without work, leases that ran out are swept (unless `sweep` is false), and what that frees is handed out.
    """
    answers = _exchange(asks, now=now)
    sampling.store(_loads(asks, answers), now=now)
    idle = [
        at
        for at, answer in enumerate(answers)
        if isinstance(answer, Orders) and not answer.jobs and _takes_jobs(asks[at], answer.worker)
    ]
    if sweep and idle and pulse.web_is_alive(now=now) and leases.requeue_expired(now=now, limit=20):
        again = [
            Ask(asks[at].worker_id, asks[at].report, answers[at].serial)  # type: ignore[union-attr]
            for at in idle
        ]
        for at, answer in zip(idle, _exchange(again, now=now), strict=True):
            answers[at] = answer
    return answers


def _loads(
    asks: Sequence[Ask], answers: Sequence[Orders | DomainError]
) -> Iterator[sampling.Reported]:
    """Of requests that begin; looks that follow say the same."""
    for ask, answer in zip(asks, answers, strict=True):
        if ask.serial is None and isinstance(answer, Orders) and not answer.released:
            yield answer.worker.pk, answer.worker.gpus, ask.report.load


def _takes_jobs(ask: Ask, worker: Worker) -> bool:
    room = ask.report.free_gpus or ask.report.free_slots
    return bool(room and ask.report.accepting and not (worker.draining or worker.disabled))


class _Talk:
    """One exchange in the making."""

    def __init__(self, ask: Ask, worker: Worker, serial: int) -> None:
        self.ask, self.worker, self.serial = ask, worker, serial
        report = ask.report
        self.holder = Holder(worker, set(report.running), [], report.lease_seconds)
        self.renewal = Renewal()
        self.jobs: list[Order] = []
        self.ship_interval = attention.WATCHED

    def taker(self) -> Taker | None:
        """None where this agent is given nothing new."""
        report, owned = self.ask.report, self.holder.owned
        if self.jobs or not _takes_jobs(self.ask, self.worker):
            return None
        free = claiming.free_of(self.worker, owned, gpus=report.free_gpus, slots=report.free_slots)
        return Taker(self.worker, owned, free, report.claim_id, report.lease_seconds)

    def orders(self) -> Orders:
        return Orders(
            self.serial,
            self.worker,
            self.jobs,
            self._to_cancel(),
            self.renewal.lost,
            ship_interval=self.ship_interval,
            hurry=self.ship_interval < self.ask.report.ship_interval,
        )

    def _to_cancel(self) -> list[Pair]:
        """What the agent must kill and does not know of yet; the renewal's ended here while the agent was away."""
        known = set(self.ask.report.cancelling)
        wanted = [each.pair for each in self.holder.owned if each.cancel_requested]
        return [pair for pair in [*wanted, *self.renewal.cancelled] if pair not in known]


@in_flight.choosing()
@transaction.atomic
def _exchange(asks: Sequence[Ask], *, now: datetime) -> list[Orders | DomainError]:
    names = sorted({ask.worker_id for ask in asks})
    wanted = f"worker_id IN ({rows.among(names)})"
    locked = rows.select(Worker, wanted, names, lock="FOR NO KEY UPDATE", columns=WORKER)
    workers = {worker.worker_id: worker for worker in locked}
    # A newer request of a worker comes before older looks of it: those are released then.
    order = sorted(range(len(asks)), key=lambda at: asks[at].serial is not None)
    answers: dict[int, Orders | DomainError | _Talk] = {}
    begun: list[tuple[Worker, Report]] = []
    newest: dict[str, int] = {}
    for at in order:
        answers[at] = answer = _admit(asks[at], workers, begun, now=now)
        if not isinstance(answer, _Talk):
            continue
        if (before := newest.get(asks[at].worker_id)) is not None:
            # It asked anew before it was answered.
            answers[before] = Orders(0, answer.worker, released=True)
        newest[asks[at].worker_id] = at
    _save_begun(begun, now=now)
    talks = [answer for answer in answers.values() if isinstance(answer, _Talk)]
    _converse(talks, now=now)
    return [
        answer.orders() if isinstance(answer, _Talk) else answer
        for answer in (answers[at] for at in range(len(asks)))
    ]


def _admit(
    ask: Ask, workers: dict[str, Worker], begun: list[tuple[Worker, Report]], *, now: datetime
) -> Orders | DomainError | _Talk:
    worker = workers.get(ask.worker_id)
    if worker is None:
        return NotFound(f"there is no worker {ask.worker_id!r}; register it first")
    if ask.report.session and worker.session and worker.session != ask.report.session:
        return WorkerNameTaken(f"another agent registered as {ask.worker_id!r}")
    overtaken = 0 < ask.report.turn < worker.turn
    if ask.serial is None and overtaken:
        return Orders(0, worker, released=True)
    if ask.serial is None:
        worker.sync_serial += 1
        worker.turn = ask.report.turn
        worker.heartbeat_at, worker.online, worker.load = now, True, ask.report.load
        begun.append((worker, ask.report))
        return _Talk(ask, worker, worker.sync_serial)
    if ask.serial != worker.sync_serial:
        return Orders(ask.serial, worker, released=True)
    return _Talk(ask, worker, ask.serial)


def _save_begun(begun: list[tuple[Worker, Report]], *, now: datetime) -> None:
    rows.update(
        Worker,
        ("sync_serial", "turn", "heartbeat_at", "online", "load"),
        ("id",),
        [
            [worker.sync_serial, worker.turn, now, True, report.load, worker.pk]
            for worker, report in begun
        ],
    )


def _converse(talks: list[_Talk], *, now: datetime) -> None:
    """Renew, find lost answers again, hand out what is queued: for all of them together."""
    owned = owning.running_on([talk.worker for talk in talks]) if talks else {}
    for talk in talks:
        talk.holder.owned = owned[talk.worker.pk]
        talk.ship_interval = _ship_interval(talk.holder.owned, now=now)
    renewals = leases.renew_all([talk.holder for talk in talks], now=now)
    for talk, renewal in zip(talks, renewals, strict=True):
        talk.renewal = renewal
        talk.jobs = _again(talk, now=now)
    takers = [taker for talk in talks if (taker := talk.taker()) is not None]
    orders = claiming.hand_out(takers, now=now)
    for talk in talks:
        talk.jobs = talk.jobs or orders.get(talk.worker.pk, [])


def _ship_interval(owned: list[Owned], *, now: datetime) -> float:
    """One for all that an agent runs: as often as the one that is watched needs it."""
    return attention.interval(
        max((each.watched_until for each in owned if each.watched_until), default=None), now=now
    )


def _again(talk: _Talk, *, now: datetime) -> list[Order]:
    """Jobs that were claimed by this very request, and of which the agent does not know: the answer got lost.

    One that somebody wants cancelled meanwhile ends here: nobody has started it.
    """
    claim_id, known = talk.ask.report.claim_id, talk.holder.held
    lost = {
        each.pair: each
        for each in talk.holder.owned
        if claim_id and each.claim_id == claim_id and each.pair not in known
    }
    orders = []
    for (job_id, number), each in lost.items():
        job = Job.objects.select_for_update(of=("self",)).select_related("run").get(pk=job_id)
        attempt = Attempt.objects.get(job=job_id, number=number)
        attempt.job, job.worker = job, talk.worker
        if attempt.status != AttemptStatus.RUNNING:  # swept since that look
            continue
        if job.cancel_requested:
            end(
                job,
                attempt,
                Ended(AttemptStatus.CANCELLED, Reason.CANCELLED_BY),
                actor=talk.worker.worker_id,
                now=now,
            )
            talk.holder.owned.remove(each)
        else:
            job.overdue_at = overdue_at(job, now)  # it starts only now
            job.save(update_fields=["overdue_at"])
            orders.append(Order(job, attempt))
    return orders
