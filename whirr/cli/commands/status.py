"""status: the queue at a glance, or one job in full."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import asking, failures, jobs, output, place, values
from whirr.cli.output import ago, elapsed
from whirr.wire import Client, WireError

JOB_FIELDS = (
    *("id", "name", "status", "reason", "error_message", "exit_code", "worker_id", "run_id"),
    *(
        "workdir",
        "project",
        "priority",
        "tags",
        "config",
        "created_at",
        "started_at",
        "finished_at",
    ),
)
ATTEMPT_FIELDS = ("number", "status", "reason", "worker_id", "exit_code", "signal", "gpus")
COUNTS = ("queued", "running", "completed", "failed", "workers_online", "workers_total")


@click.command()
@click.argument("job", required=False, metavar="[ID]")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="Jobs a state."
)
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@place.options
def status(
    server_url: str | None, data_dir: str | None, *, job: str | None, limit: int, as_json: bool
) -> None:
    """Show running and queued jobs and the workers; with an ID, one job and its attempts."""
    number = None if job is None else values.job_id(job)
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        everything = (
            _everything(client, limit)
            if number is None
            else asking.thing(client, f"/api/v1/jobs/{number}")
        )
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(everything)
    elif number is None:
        _show_all(everything)
    else:
        _show_one(everything, where)


def _everything(client: Client, limit: int) -> dict[str, Any]:
    listed = []
    for state in ("running", "queued"):
        listed += asking.listing(client, "/api/v1/jobs", "jobs", {"status": state, "limit": limit})
    return {
        "status": asking.thing(client, "/api/v1/status"),
        "jobs": listed,
        "workers": asking.listing(client, "/api/v1/workers", "workers"),
    }


def _show_all(found: dict[str, Any]) -> None:
    counts = found["status"]
    words = [f"{counts[key]} {key.replace('_', ' ')}" for key in COUNTS if key in counts]
    output.chat(", ".join(words))
    output.table(
        ("job", "status", "name", "worker", "attempt", "elapsed", "submitted", "command"),
        [_row(job) for job in found["jobs"]],
        title="Jobs",
    )
    output.data("")
    output.table(
        ("worker", "status", "host", "gpus", "jobs", "seen"),
        [
            (
                w["id"],
                w["status"],
                w["hostname"],
                _gpus(w),
                ", ".join(map(str, w.get("job_ids") or [])),
                ago(w.get("heartbeat_at")),
            )
            for w in found["workers"]
        ],
        title="Workers",
    )


def _gpus(worker: dict[str, Any]) -> str:
    """`4 x NVIDIA A100`; as many parts as there are models."""
    models = [str(gpu.get("name") or "GPU") for gpu in worker.get("gpus") or []]
    return ", ".join(f"{models.count(name)} x {name}" for name in dict.fromkeys(models))


def _row(job: jobs.Job) -> tuple[object, ...]:
    return (
        job["id"],
        "cancelling" if job.get("cancel_requested") else job["status"],
        job.get("name"),
        job.get("worker_id"),
        job.get("attempt"),
        elapsed(job) if job["status"] == "running" else "",
        ago(job.get("created_at")),
        _command(job),
    )


def _command(job: jobs.Job, width: int = 60) -> str:
    import shlex

    line = shlex.join(str(part) for part in job.get("command_argv") or [])
    return line if len(line) <= width or not output.on_terminal() else line[: width - 1] + "…"


def _show_one(job: jobs.Job, where: place.Place) -> None:
    shown = {key: job[key] for key in JOB_FIELDS if job.get(key) not in (None, "", [], {})}
    shown["command"] = _command(job, 1000)
    shown["elapsed"] = elapsed(job)
    shown["url"] = where.address(str(job.get("url") or f"/runs/{job.get('run_id')}/"))
    rows = [(key.replace("_", " "), value) for key, value in shown.items()]
    output.table(("field", "value"), rows)
    attempts = job.get("attempts") or []
    if attempts:
        output.data("")
        cells = [[*(a.get(key) for key in ATTEMPT_FIELDS), elapsed(a)] for a in attempts]
        for row, attempt in zip(cells, attempts):
            row.append(attempt.get("error_message"))
        named = (key.replace("_", " ") for key in ATTEMPT_FIELDS[1:])
        headings = ["attempt", *named, "elapsed", "why"]
        output.table(headings, cells, title="Attempts")
