"""Runs with a little of everything that files hold."""

import json
from datetime import timedelta
from typing import Any

from runs import artifacts, direct, documents, recording, storage
from runs.models import Run, RunStatus
from tests.runs.factories import NOON, line, log, make_direct_run, make_run

STAMP = "2030-01-01T12:00:00Z"


def job_run(points: int = 10, **values: Any) -> Run:
    """Two attempts, two writers, NaN, steps out of order, a torn line, events, an artifact, an end."""
    run = make_run(**{"name": "job", "project": "p", "tags": ["a"], "config": {"lr": 0.1}} | values)
    log(run, line(_idx=0, step=0, loss=1.0, _timestamp=STAMP))
    recording.begin_attempts([(run, 2, "node2")], now=NOON)
    log(run, b"".join(line(_idx=n, step=n, loss=float(n)) for n in range(points)))
    log(run, line(step=5, loss=float("nan"), acc=float("inf")) + b"{bad\n" + b'{"loss": 1')
    log(run, line(step=1, loss=2.0), name="metrics.r1.jsonl")
    log(run, line(_timestamp=STAMP, gpu=50.0), name="system.jsonl")
    alert = line(_idx=0, type="alert", title="hot", text="x", level="warning", _timestamp=STAMP)
    log(run, alert + line(type="text", key="note", step=3, text="hello"), name="events.jsonl")
    log(run, b"output", name="output.log")
    documents.put(run, 2, "config.json", b'{"seed": 1}')
    documents.put(run, 2, "meta.json", b'{"summary": {"best": 1.5, "bad": NaN}, "dropped": 3}')
    artifacts.receive(run, 2, "m/x.bin", offset=0, size=3, data=b"abc", now=NOON)
    return Run.objects.get(pk=run.pk)


def end(run: Run) -> Run:
    run.refresh_from_db()
    recording.set_statuses([(run, RunStatus.COMPLETED)], now=NOON + timedelta(hours=1))
    return run


def direct_run(number: int = 0) -> Run:
    run = make_direct_run(number)
    log(run, line(step=1, loss=0.5))
    folder = storage.run_folder(run.key)
    meta = {"name": "direct", "status": "running", "started_at": STAMP, "tags": ["t"]}
    documents.put(run, 1, "meta.json", json.dumps(meta).encode())
    direct.follow(run, now=NOON)
    (folder / "artifacts").mkdir()
    (folder / "artifacts" / "kept.txt").write_text("kept")
    artifacts.collect_shared(run, 1)
    return run
