"""The requests of the measured calls, built in advance as far as possible."""

import itertools
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from benchmarks.queueing.load import Answer, Outcome, Requests, request

ORDER = b'"run_token"'  # once in every order of a sync, and nowhere else
MARK = b"0123456789abcdef"  # where the claim's id goes
SUBMISSION = {"command_argv": ["python", "train.py"], "workdir": "/home/me/project"}
JOB_ID = re.compile(rb'"job_id": ?(\d+)')
CLAIMED_ID = re.compile(rb'"job": ?\{"id": ?(\d+)')


def encoded(body: Any) -> bytes:
    return json.dumps(body).encode()


def syncs(token: str, workers: Sequence[str], *, free_slots: int) -> Requests:
    """Syncs that do not wait, of these workers in turn, for ever; each with a claim id of its own.

    `running` stays empty, and the leases are long. What a worker names there has to be renewed, which is the price of
    heartbeats and not of claims; an agent that has just started names nothing either.
    """
    body = {
        "session": "",
        "claim_id": MARK.decode(),
        "free_gpus": [],
        "free_slots": free_slots,
        "accepting": True,
        "running": [],
        "lease_seconds": 600,
        "hold_seconds": 0,
        "load": {"cpu_percent": 12.5, "memory_used_mb": 9000, "gpus": []},
    }
    halves = [
        request("POST", f"/api/v1/workers/{name}/sync", token=token, body=encoded(body)).split(MARK)
        for name in workers
    ]
    serial = itertools.count()
    for before, after in itertools.cycle(halves):
        yield before + b"%016x" % next(serial) + after


def legacy_claims(token: str, workers: Sequence[str]) -> Requests:
    """One job each, as workers of whirr 0.5 ask for it."""
    bodies = [encoded({"worker_id": name, "lease_seconds": 600}) for name in workers]
    return itertools.cycle(
        [request("POST", "/api/v1/jobs/claim", token=token, body=body) for body in bodies]
    )


def submissions(token: str) -> Requests:
    return itertools.repeat(request("POST", "/api/v1/jobs", token=token, body=encoded(SUBMISSION)))


def finishes(token: str, orders: Sequence[tuple[str, int]]) -> Requests:
    """The first attempts of those (worker, job) have ended well."""
    for worker, job_id in orders:
        body = {"worker_id": worker, "outcome": "exited", "exit_code": 0}
        path = f"/api/v1/jobs/{job_id}/attempts/1/finish"
        yield request("POST", path, token=token, body=encoded(body))


def refused(token: str) -> Requests:
    """Syncs that are refused before the database is asked: what the way to it costs."""
    body = encoded({"claim_id": MARK.decode(), "free_slots": 1, "lease_seconds": 1})
    return itertools.repeat(
        request("POST", "/api/v1/workers/template/sync", token=token, body=body)
    )


def reads(token: str, path: str) -> Iterator[bytes]:
    return itertools.repeat(request("GET", path, token=token))


def orders_in(answer: Answer) -> int:
    """How many jobs a sync's answer hands out."""
    return answer.body.count(ORDER)


def job_in(answer: Answer) -> int:
    """1 where the answer of jobs/claim has a job."""
    return 1 if CLAIMED_ID.search(answer.body) else 0


def refusal_in(answer: Answer) -> int:
    return int(answer.status == 400)


def handed_out(outcome: Outcome) -> list[int]:
    """The ids of all jobs in the answers of syncs or claims. Raises if one was handed out twice."""
    ids = [
        int(job_id)
        for answer in outcome.answers
        if answer.status == 200
        for job_id in (JOB_ID.findall(answer.body) or CLAIMED_ID.findall(answer.body))
    ]
    if len(set(ids)) != len(ids):
        raise RuntimeError(f"{len(ids) - len(set(ids))} jobs were handed out twice")
    return ids
