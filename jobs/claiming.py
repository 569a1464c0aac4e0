"""Handing jobs to workers: choosing and taking are one transaction."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from jobs import in_flight, lanes, matching
from jobs.choosing import Market, Pick
from jobs.matching import Free
from jobs.models import Attempt, Job, Worker
from jobs.moving import Move, move_all
from jobs.owning import Owned, overdue_at, owned_by
from jobs.states import AttemptStatus, JobStatus
from jobs.taking import Taker
from runs import recording, rows
from runs.models import Run
from whirr_site.access import run_tokens

# What a claim reads of a job: what the move looks at, and what the agent is told.
JOB = (
    *("id", "run_id", "status", "attempt", "requirement_id", "name", "command_argv", "workdir"),
    *("env", "config", "array_id", "array_index", "timeout_seconds", "grace_seconds", "exclusive"),
    *("started_at", "cancel_requested_at", "stop_signal"),
)
RUN = ("id", "key", "kind", "started_at")  # what a claim reads of a run
ROUNDS = 4  # looks at the queue while other servers are quicker; the next doorbell brings another


@dataclass(frozen=True, slots=True)
class Order:
    """A claimed job as the agent needs it."""

    job: Job
    attempt: Attempt

    def as_json(self) -> dict[str, Any]:
        """The ORDER of docs/wire-protocol.md."""
        job, gpus = self.job, self.attempt.gpus
        uuids = {gpu["index"]: gpu.get("uuid", "") for gpu in job.worker.gpus} if job.worker else {}
        return {
            "job_id": job.pk,
            "attempt": self.attempt.number,
            "run_id": job.run.key,
            "name": job.name,
            "command_argv": job.command_argv,
            "workdir": job.workdir,
            "env": job.env | _of_array(job),
            "config": job.config,
            "gpus": gpus,
            "gpu_uuids": [uuids.get(index, "") for index in gpus],
            "timeout_seconds": job.timeout_seconds,
            "grace_seconds": job.grace_seconds,
            "stop_signal": job.stop_signal,
            "exclusive": job.exclusive,
            "run_token": run_tokens.make(job.run.key, self.attempt.number),
        }


def _of_array(job: Job) -> dict[str, str]:
    """What tells the members of an array apart, to themselves."""
    if job.array_id is None:
        return {}
    return {"WHIRR_ARRAY_ID": f"A{job.array_id}", "WHIRR_ARRAY_INDEX": str(job.array_index)}


def free_of(worker: Worker, owned: list[Owned], *, gpus: list[int], slots: int) -> Free:
    """What the agent says is free, less what the server knows to be taken: a GPU is never given twice."""
    known = {gpu["index"] for gpu in worker.gpus}
    taken = {index for attempt in owned for index in attempt.gpus}
    in_slots = sum(1 for attempt in owned if not attempt.gpus)
    return Free(
        gpus=sorted(known & set(gpus) - taken),
        slots=max(0, min(slots, worker.slots - in_slots)),
    )


def hand_out(takers: list[Taker], *, now: datetime) -> dict[int, list[Order]]:
    """Give queued jobs to these workers, best first, until nothing fits; orders by the worker's key.

    Inside a transaction that holds the workers' rows. Jobs are looked at without a lock and locked once chosen, so
    that other servers see all the others; for what they took meanwhile, another is chosen.
    """
    takers = [taker for taker in takers if taker.free]
    orders: dict[int, list[Order]] = {}
    gone: set[int] = set()
    for _ in range(ROUNDS):
        queued = lanes.open_lanes() if takers else []
        if not queued:
            break
        market = Market(takers, queued, now=now, without=gone | in_flight.of_others())
        picks = [pick for taker in takers for pick in market.picks(taker)]
        in_flight.choose(pick.head.job_id for pick in picks)
        jobs = _locked([pick.head.job_id for pick in picks])
        missed = [pick for pick in picks if pick.head.job_id not in jobs]
        for pick in missed:
            matching.give_back(pick.place, pick.taker.free)
        gone |= {pick.head.job_id for pick in picks}
        for order in _take(
            [(pick, jobs[pick.head.job_id]) for pick in picks if pick.head.job_id in jobs], now=now
        ):
            orders.setdefault(order.attempt.worker_id or 0, []).append(order)
        takers = [taker for taker in takers if any(pick.taker is taker for pick in missed)]
    return orders


def _locked(chosen: list[int]) -> dict[int, Job]:
    """Those of the jobs that nobody else took meanwhile, locked."""
    if not chosen:
        return {}
    jobs = rows.select(
        Job,
        f"id IN ({rows.among(chosen)}) AND {lanes.OPEN} AND cancel_requested_at IS NULL",
        chosen,
        lock="FOR UPDATE SKIP LOCKED",
        columns=JOB,
    )
    keys = [job.run_id for job in jobs]
    found = rows.select(Run, f"id IN ({rows.among(keys)})", keys, columns=RUN)
    runs = {run.pk: run for run in found}
    for job in jobs:
        job.run = runs[job.run_id]
    return {job.pk: job for job in jobs}


def _take(picked: list[tuple[Pick, Job]], *, now: datetime) -> list[Order]:
    """Move the jobs, and begin their attempts."""
    for pick, job in picked:
        job.worker = pick.taker.worker
        job.requirement = pick.head.need
    move_all([_claim(pick, job, now=now) for pick, job in picked], now=now)
    attempts = _begin(picked, now=now)
    recording.begin_attempts(
        [(job.run, job.attempt, pick.taker.worker.hostname) for pick, job in picked],
        now=now,
        models={job.run_id: _models(pick) for pick, job in picked},
    )
    for attempt, (pick, _) in zip(attempts, picked, strict=True):
        pick.taker.owned.append(owned_by(attempt))
    return [Order(job, attempt) for attempt, (_, job) in zip(attempts, picked, strict=True)]


def _models(pick: Pick) -> list[object]:
    """What the GPUs that it was given are called."""
    given = pick.place.gpus
    return [gpu.get("name") for gpu in pick.taker.worker.gpus if gpu["index"] in given]


def _begin(picked: list[tuple[Pick, Job]], *, now: datetime) -> list[Attempt]:
    told: list[dict[str, Any]] = [
        {
            "job": job,
            "number": job.attempt,
            "worker": pick.taker.worker,
            "worker_name": pick.taker.worker.worker_id,
            "gpus": pick.place.gpus,
            "claim_id": pick.taker.claim_id,
            "status": AttemptStatus.RUNNING,
            "reason": "",
            "error_message": "",
            "overruled": False,
            "started_at": now,
        }
        for pick, job in picked
    ]
    attempts = []
    for key, fields in zip(rows.insert(Attempt, told), told, strict=True):
        attempt = Attempt(pk=key, **fields)
        attempt._state.adding = False
        attempts.append(attempt)
    return attempts


def _claim(pick: Pick, job: Job, *, now: datetime) -> Move:
    worker, lease = pick.taker.worker, pick.taker.lease_seconds
    gpus = pick.place.gpus
    return Move(
        job,
        JobStatus.RUNNING,
        worker.worker_id,
        message=f"GPU {', '.join(map(str, gpus))}" if gpus else "",
        changes={
            "attempt": job.attempt + 1,
            "worker": worker,
            "lease_seconds": lease,
            "lease_expires_at": now + timedelta(seconds=lease),
            "overdue_at": overdue_at(job, now),
            "not_before": None,
            "exit_code": None,
            "started_at": job.started_at or now,
        },
    )
