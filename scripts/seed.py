"""Fill an empty data folder with a believable day of work: workers, runs that ended, run and wait.

    WHIRR_DATA_DIR=/tmp/somewhere python scripts/seed.py

Everything goes through the functions that agents and people use, so the rows and files are what a real day leaves.
For looking at pages and for tests of them; never for a folder that holds real work.
"""

import json
import os
import random
import sys
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import django

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")
django.setup()

from django.conf import settings  # noqa: E402
from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from jobs import claiming, finishing, owning, submitting, workers  # noqa: E402
from jobs.claiming import Order  # noqa: E402
from jobs.finishing import Outcome, Report  # noqa: E402
from jobs.matching import Free  # noqa: E402
from jobs.models import Worker  # noqa: E402
from jobs.taking import Taker  # noqa: E402
from runs import documents, streams  # noqa: E402
from scripts import seed_surroundings, seeded_night  # noqa: E402

BUSY = (
    (97, 0.92, 84),
    (88, 0.61, 66),
    (93, 0.74, 71),
    (90, 0.5, 68),
)  # per cent, share of memory, degrees

TRACEBACK = """\x1b[31mTraceback (most recent call last):
  File "/home/ada/vision/train.py", line 118, in <module>
    loss.backward()
torch.OutOfMemoryError: CUDA out of memory. Tried to allocate 2.50 GiB (GPU 0; 79.3 GiB total, 77.9 GiB in use)\x1b[0m
"""


def seed(*, now: datetime) -> None:
    """Workers, then jobs from the oldest to the newest."""
    chance = random.Random(7)  # noqa: S311
    node_a = a_worker("gpu-a", "NVIDIA A100-SXM4-80GB", 4, 81920, now=now)
    node_b = a_worker("gpu-b", "NVIDIA GeForce RTX 4090", 2, 24564, now=now)
    gone = a_worker("lab-pc", "NVIDIA GeForce RTX 3090", 1, 24576, now=now - timedelta(hours=3))
    for index, (lr, seed_) in enumerate((lr, s) for lr in (0.1, 0.03, 0.01) for s in (0, 1, 2)):
        started = now - timedelta(minutes=20 * (12 - index), hours=2)
        order = a_job(
            "digits-mlp", {"lr": lr, "seed": seed_}, ["sweep"], [node_a, node_b], now=started
        )
        train(order, lr=lr, chance=chance, steps=400, start=started, seconds=310)
        ended = started + timedelta(seconds=312 + index)
        if lr == 0.1 and seed_ == 2:
            seed_surroundings.surround(order.job.run, seed_surroundings.PACKAGES)
            write(order, "output.log", TRACEBACK.encode(), 1)
            report = Report(str(order.attempt.worker), Outcome.EXITED, exit_code=1)
        else:
            describe(order, {"best_epoch": 37 - index, "test_acc": round(0.93 + index / 200, 3)})
            if index in (3, 4):
                seed_surroundings.furnish(order.job.run, lr=lr * (index - 2), now=started)
            report = Report(str(order.attempt.worker), Outcome.EXITED, exit_code=0)
        finishing.finish(order.job.pk, order.attempt.number, report, now=ended)
    for index, lr in enumerate((0.003, 0.001, 0.0003)):
        started = now - timedelta(minutes=34 - 9 * index)
        order = a_job(
            f"vit-small lr {lr:g}",
            {"lr": lr, "depth": 12},
            ["vit", "baseline"],
            [node_a],
            now=started,
        )
        train(
            order,
            lr=lr * 40,
            chance=chance,
            steps=5200 - 1500 * index,
            start=started,
            seconds=1900 - 500 * index,
        )
    order = a_job(
        "tokenizer-bench", {"vocab": 32000}, ["bench"], [node_b], now=now - timedelta(seconds=95)
    )
    train(order, lr=0.02, chance=chance, steps=90, start=now - timedelta(seconds=90), seconds=88)
    queue_up(now=now)
    seeded_night.night(node_a, node_b, now=now)
    Worker.objects.filter(pk__in=[node_a.pk, node_b.pk]).update(
        heartbeat_at=now + timedelta(days=1)
    )
    Worker.objects.filter(pk=gone.pk).update(online=False)


def queue_up(*, now: datetime) -> None:
    """Jobs that wait: for GPUs that are taken, and for one that no machine has."""
    for index in range(5):
        wish = a_wish(f"vit-large fold {index}", {"lr": 0.001, "fold": index}, ["vit"], gpus=4)
        submitting.submit(wish, user="ada", now=now - timedelta(minutes=6 - index))
    large = a_wish("needs h200", {"lr": 0.001}, ["vit"], gpus=1, min_memory_mb=143_360)
    submitting.submit(large, user="grace", now=now - timedelta(minutes=1))


def a_worker(name: str, card: str, count: int, memory_mb: int, *, now: datetime) -> Worker:
    gpus = [
        {"index": i, "name": card, "uuid": f"GPU-{name}-{i}", "memory_mb": memory_mb}
        for i in range(count)
    ]
    hardware = workers.Hardware(
        hostname=name,
        gpus=gpus,
        cpu_count=64,
        memory_mb=515_000,
        tags=["fast-disk"],
        version=settings.WHIRR_VERSION,
        python="3.11.7",
    )
    worker = workers.register(name, hardware, session="seed", now=now)
    load = [
        {
            "index": i,
            "utilization": BUSY[i][0] if i < count - 1 else 0,
            "memory_used_mb": int(memory_mb * (BUSY[i][1] if i < count - 1 else 0.02)),
            "temperature_c": BUSY[i][2] if i < count - 1 else 34,
            "power_w": 250,
        }
        for i in range(count)
    ]
    worker.load = {"cpu_percent": 31.0, "memory_used_mb": 88_000, "gpus": load}
    worker.save(update_fields=["load"])
    return worker


def a_wish(
    name: str, config: dict[str, Any], tags: list[str], **needs: Any
) -> submitting.Submission:
    flags = [part for key, value in config.items() for part in (f"--{key}", str(value))]
    return submitting.Submission(
        command_argv=["python", "train.py", *flags],
        workdir="/home/ada/vision",
        name=name,
        config=config,
        tags=tags,
        **needs,
    )


def a_job(
    name: str, config: dict[str, Any], tags: list[str], places: list[Worker], *, now: datetime
) -> Order:
    """Submit a job and let the first worker with room claim it."""
    submitting.submit(a_wish(name, config, tags), user="ada", now=now)
    for worker in places:
        owned = owning.running_on([worker])[worker.pk]
        free: Free = claiming.free_of(worker, owned, gpus=list(range(8)), slots=0)
        taker = Taker(worker, owned, free, f"seed-{now.timestamp()}", lease_seconds=86400, most=1)
        with transaction.atomic():
            orders = claiming.hand_out([taker], now=now)
        if orders:
            return orders[worker.pk][0]
    raise SystemExit("no room: seed an empty folder")


def write(order: Order, name: str, data: bytes, offset: int = 0) -> None:
    run = order.job.run
    run.refresh_from_db()
    if offset:
        offset = streams.append(run, order.attempt.number, name, offset=0, data=b"")
    streams.append(run, order.attempt.number, name, offset=offset, data=data)


def describe(order: Order, summary: dict[str, Any]) -> None:
    meta = {"summary": summary}
    documents.put(order.job.run, order.attempt.number, "meta.json", json.dumps(meta).encode())


def train(
    order: Order, *, lr: float, chance: random.Random, steps: int, start: datetime, seconds: float
) -> None:
    """A training run's files: curves with noise, and a log with colours and a progress bar."""
    lines = curves(lr, chance, steps, start, seconds)
    write(order, "metrics.jsonl", "".join(json.dumps(line) + "\n" for line in lines).encode())
    log = ["\x1b[1mtrain.py\x1b[0m  device cuda:0, 11.2 M parameters\n"]
    for epoch in range(1, max(2, steps // 40)):
        bar = "".join(f"\repoch {epoch:3} |{'█' * n:<10}| {n * 10} %" for n in range(1, 11))
        tone = "32" if epoch % 7 == 0 else "36"
        log.append(
            f"{bar}\nepoch {epoch:3}  \x1b[{tone}mloss {2.3 / (1 + epoch * lr):.4f}\x1b[0m  4812 img/s\n"
        )
        if epoch % 11 == 0:
            log.append("\x1b[33mWARNING: gradient norm 13.2 was clipped to 1.0\x1b[0m\n")
    write(order, "output.log", "".join(log).encode())


def curves(
    lr: float, chance: random.Random, steps: int, start: datetime, seconds: float
) -> Iterator[dict[str, Any]]:
    for step in range(steps):
        done = step / steps
        at = start + timedelta(seconds=seconds * done)
        loss = 0.18 + 2.1 / (1 + step * lr * 0.6) + chance.gauss(0, 0.05) * (1.2 - done)
        line = {
            "_idx": step,
            "_timestamp": at.isoformat().replace("+00:00", "Z"),
            "step": step,
            "train/loss": max(loss, 0.01),
            "train/lr": lr * (1 - done),
            "train/grad_norm": abs(chance.gauss(1, 0.3)) + (9 if step % 397 == 211 else 0),
        }
        if step % 10 == 0:
            line["val/loss"] = loss * 1.08 + abs(chance.gauss(0, 0.02))
            line["val/acc"] = min(0.985, 1 - loss / 2.6)
        if step == 180 and lr >= 0.1:
            line["train/grad_norm"] = float("nan")
        yield line


if __name__ == "__main__":
    call_command("migrate", interactive=False, verbosity=0)
    seed(now=timezone.now())
