"""Fill an empty data folder with a crowd of finished runs to compare: a sweep whose metrics follow from its settings.

    WHIRR_DATA_DIR=/tmp/somewhere python -m tests.browser.crowd 500 10

The first two have texts and images of several steps, the first three a Git state and packages.
"""

import json
import os
import random
import struct
import sys
import zlib
from datetime import timedelta
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import transaction  # noqa: E402
from django.utils import timezone  # noqa: E402

from runs import artifacts, documents, streams  # noqa: E402
from runs.models import Chunk, Run, RunKind, RunStatus, Series  # noqa: E402
from runs.parsing import RESERVED  # noqa: E402

STEPS = 12
SENT = 40  # as an agent would have done it; the points of the others are stored at once, since that is quicker
EVIL = '<img src=x onerror="window.hacked=1">,:!'
DIFF = """diff --git a/train.py b/train.py
index 1111111..2222222 100644
--- a/train.py
+++ b/train.py
@@ -1,3 +1,3 @@
 import torch
-width = 64
+width = {width}
 depth = 2
"""


def fill(count: int, metrics: int) -> None:
    chance = random.Random(11)
    now = timezone.now()
    runs = Run.objects.bulk_create(
        Run(
            key=f"local-20260101-000000-{number:06x}",
            kind=RunKind.DIRECT,
            name=f"sweep {number}",
            project="crowd",
            user="ada",
            status=RunStatus.COMPLETED,
            attempt=1,
            config=settings_of(number),
            summary={"epochs": 3 + number % 4},
            created_at=now - timedelta(minutes=count - number),
            started_at=now - timedelta(minutes=count - number),
            finished_at=now
            - timedelta(minutes=count - number)
            + timedelta(seconds=50 + number % 7),
        )
        for number in range(count)
    )
    for number, run in enumerate(runs[:SENT]):
        lines = [json.dumps(record) + "\n" for record in curves(number, metrics, chance)]
        streams.append(run, 1, "metrics.jsonl", offset=0, data="".join(lines).encode())
    store(runs[SENT:], metrics, chance)
    for number, run in enumerate(runs[:3]):
        surround(number, run)
    for number, run in enumerate(runs[:2]):
        log_media(number, run)


def settings_of(number: int) -> dict[str, Any]:
    told = {
        "lr": [0.1, 0.03, 0.01, 0.003][number % 4],
        "optimizer": {"name": ["sgd", "adam"][number % 2], "momentum": 0.9},
        "batch": [32, 64, 128][number // 4 % 3],
        "seed": number,
        "data": "digits",
    }
    return told | ({EVIL: EVIL} if number == 0 else {})


def curves(number: int, metrics: int, chance: random.Random) -> list[dict[str, Any]]:
    """The loss falls with the learning rate; the accuracy does the opposite; the rest is noise."""
    told = settings_of(number)
    floor = 0.2 + 3 * told["lr"] + 0.002 * told["batch"] + chance.gauss(0, 0.01)
    records = []
    for step in range(STEPS):
        loss = floor + 2 / (1 + step)
        record = {"_idx": step, "_timestamp": "2026-01-01T00:00:00Z", "step": step}
        record |= {"val/loss": loss, "val/acc": 1 - loss / 4}
        records.append(record | {f"noise/{at}": chance.random() for at in range(metrics - 2)})
    if number == 0:
        records.append({"_idx": STEPS, "step": STEPS, EVIL: 1.0})
    return records


def store(runs: list[Run], metrics: int, chance: random.Random) -> None:
    """The rows that the same points would have become."""
    columns = []
    for run in runs:
        records = curves(int(run.key[-6:], 16), metrics, chance)
        keys = [key for key in records[0] if key not in RESERVED]
        columns += [(run, key, [record[key] for record in records]) for key in keys]
    series = Series.objects.bulk_create(
        Series(
            run=run,
            attempt=1,
            key=key,
            count=STEPS,
            last=values[-1],
            last_step=STEPS - 1,
            minimum=min(values),
            maximum=max(values),
        )
        for run, key, values in columns
    )
    steps, times = (
        struct.pack(f"<{STEPS}q", *range(STEPS)),
        struct.pack(f"<{STEPS}d", *range(STEPS)),
    )
    Chunk.objects.bulk_create(
        Chunk(
            series=mine,
            start=0,
            count=STEPS,
            steps=steps,
            times=times,
            values=struct.pack(f"<{STEPS}d", *values),
        )
        for mine, (_, _, values) in zip(series, columns, strict=True)
    )


def surround(number: int, run: Run) -> None:
    git = {"commit": f"{number:040x}", "branch": "main", "dirty": True, "diff_bytes": 10}
    documents.put(run, 1, "git.json", json.dumps(git).encode())
    documents.put(run, 1, "git.diff", DIFF.format(width=128 * (number + 1)).encode())
    versions = f"numpy==2.{number}.0\ntorch==2.9.0\n"
    documents.put(run, 1, "requirements.txt", versions.encode())
    meta = {"hostname": f"node-{number % 2}", "python": "3.11.7", "argv": ["train.py"]}
    documents.put(run, 1, "meta.json", json.dumps(meta).encode())


def log_media(number: int, run: Run) -> None:
    lines = []
    for step in (0, 10, 20):
        path = f"samples/{step}.png"
        data = picture(40 + 80 * number, 10 * step)
        artifacts.receive(run, 1, path, offset=0, size=len(data), data=data, now=timezone.now())
        lines.append({"type": "image", "key": "samples", "step": step, "file": path})
        said = f"run {number} at step {step} {EVIL}"
        lines.append({"type": "text", "key": "remarks", "step": step, "text": said})
    data = "".join(json.dumps(line) + "\n" for line in lines).encode()
    streams.append(run, 1, "events.jsonl", offset=0, data=data)


def picture(red: int, blue: int, side: int = 48) -> bytes:
    """A PNG of one colour."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        )

    rows = (b"\0" + bytes((red, 90, blue)) * side) * side
    head = struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


if __name__ == "__main__":
    call_command("migrate", interactive=False, verbosity=0)
    with transaction.atomic():
        fill(int(sys.argv[1]), int(sys.argv[2]))
