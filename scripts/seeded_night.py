"""What a night leaves besides runs: an hour of load, somebody else's process, an array, a worker that was lost."""

import json
import math
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction

from jobs import claiming, finishing, in_flight, sampling, submitting
from jobs.claiming import Order
from jobs.finishing import Outcome, Report
from jobs.matching import Free
from jobs.models import Job, Worker
from jobs.submitting import Submission
from jobs.taking import Taker
from runs import documents, streams

FOREIGN = {
    "index": 1,
    "why": "foreign",
    "memory_used_mb": 20_480,
    "processes": [
        {"pid": 41_217, "user": "bob", "name": "python", "memory_mb": 18_432},
        {"pid": 41_903, "user": "bob", "name": "jupyter-lab", "memory_mb": 2_048},
    ],
}


def night(free: Worker, shared: Worker, *, now: datetime) -> None:
    """`free` has its last GPU free; on `shared` somebody else computes."""
    shared.load |= {"blocked": [FOREIGN]}
    shared.save(update_fields=["load"])
    for worker in (free, shared):
        hour(worker, now=now)
    sweep(free, now=now)
    lost_and_found(free, now=now)


def hour(worker: Worker, *, now: datetime) -> None:
    """A sample for each minute, around what the worker says now."""
    for minute in range(60, 0, -1):
        wave = 0.75 + 0.25 * math.sin(minute / 5)
        gpus = [
            gpu
            | {
                "utilization": round(gpu["utilization"] * wave),
                "temperature_c": round(gpu["temperature_c"] * (0.9 + wave / 10)),
            }
            for gpu in worker.load["gpus"]
        ]
        load = worker.load | {"cpu_percent": 25 + 20 * wave, "gpus": gpus}
        at = now - timedelta(minutes=minute)
        sampling.store([(worker.pk, worker.gpus, load)], now=at)


def sweep(worker: Worker, *, now: datetime) -> None:
    """An array of six: four ended well, one did not, one is held back."""
    begin = now - timedelta(hours=2)
    wish = a_wish("lr-sweep", tags=["sweep"], project="vision")
    for index, job in enumerate(submitting.submit_array(wish, "0-5", user="grace", now=begin)):
        if index == 5:
            Job.objects.filter(pk=job.pk).update(held_at=now, held_by="grace")
            continue
        start = begin + timedelta(minutes=12 * index + 1)
        order = claim(worker, start)
        lr = 0.1 / 3**index
        put(order, "config.json", {"lr": round(lr, 5), "warmup": 100 * (index % 2)})
        lines(order, lr, start)
        code = 1 if index == 0 else 0
        if code:
            error = b"ValueError: loss is NaN after step 12\n"
            streams.append(order.job.run, 1, "output.log", offset=0, data=error)
        end(order, Report(worker.worker_id, Outcome.EXITED, code), start + timedelta(minutes=10))


def lost_and_found(worker: Worker, *, now: datetime) -> None:
    """A job whose worker fell silent; its second attempt succeeds."""
    begin = now - timedelta(minutes=55)
    submitting.submit(a_wish("distill"), user="ada", now=begin)
    first = claim(worker, begin + timedelta(minutes=1))
    lost = Report(worker.worker_id, Outcome.LOST, message="the worker was silent for 60 s")
    end(first, lost, begin + timedelta(minutes=9))
    second = claim(worker, begin + timedelta(minutes=12))
    end(second, Report(worker.worker_id, Outcome.EXITED, 0), begin + timedelta(minutes=31))


def a_wish(name: str, **more: Any) -> Submission:
    return Submission(
        command_argv=["python", "train.py"], workdir="/home/grace/vision", name=name, gpus=1, **more
    )


def claim(worker: Worker, at: datetime) -> Order:
    """The last GPU alone is free, so what else waits there stays as it is."""
    free = Free([len(worker.gpus) - 1], 0)
    taker = Taker(worker, [], free, f"night-{at.timestamp()}", lease_seconds=86400, most=1)
    with in_flight.choosing(), transaction.atomic():
        (order,) = claiming.hand_out([taker], now=at)[worker.pk]
    order.job.run.refresh_from_db()
    return order


def end(order: Order, report: Report, at: datetime) -> None:
    finishing.finish(order.job.pk, order.attempt.number, report, now=at)


def put(order: Order, name: str, content: dict[str, Any]) -> None:
    documents.put(order.job.run, order.attempt.number, name, json.dumps(content).encode())


def lines(order: Order, lr: float, start: datetime) -> None:
    told = [
        {
            "_idx": step,
            "_timestamp": (start + timedelta(seconds=5 * step)).isoformat(),
            "step": step,
            "val/loss": abs(math.log10(lr) + 2) * 0.1 + 2 / (step + 1),
        }
        for step in range(40)
    ]
    data = "".join(json.dumps(line) + "\n" for line in told).encode()
    streams.append(order.job.run, order.attempt.number, "metrics.jsonl", offset=0, data=data)
