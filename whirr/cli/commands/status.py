"""status: the queue at a glance, or one job in full."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import arrays, asking, failures, jobs, nodes, output, place, values
from whirr.cli.output import ago, elapsed
from whirr.wire import Client, WireError

JOB_FIELDS = (
    *("id", "name", "status", "reason", "error_message", "exit_code", "worker_id", "run_id"),
    *("workdir", "project", "user", "priority", "held_by", "not_before", "array_id"),
    *("array_index", "retry_of", "tags", "config", "gpus", "min_memory_mb", "gpu_model"),
    *("require_tags", "created_at", "started_at", "finished_at"),
)
ATTEMPT_FIELDS = ("number", "status", "reason", "worker_id", "exit_code", "signal", "gpus")
HEADINGS = (
    *("job", "status", "name", "worker", "attempt", "elapsed", "submitted", "array", "why"),
    "command",
)
MAYBE = ("array", "why")
COUNTS = (
    *("queued", "waiting", "running", "completed", "failed"),
    *("workers_online", "workers_total"),
)


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
    """Show running and queued jobs and the workers.

    With an ID: one job and its attempts; or an array like A3 and its members.
    """
    target = None if job is None else values.target(job)
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        if target is None:
            found = _everything(client, limit)
        elif isinstance(target, str):
            found = _array(client, target)
        else:
            found = asking.thing(client, f"/api/v1/jobs/{target}")
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(found)
    elif target is None:
        _show_all(found)
    elif isinstance(target, str):
        _show_array(found)
    else:
        _show_one(found, where)


def _everything(client: Client, limit: int) -> dict[str, Any]:
    listed = []
    for state in ("running", "queued", "waiting"):
        listed += asking.listing(client, "/api/v1/jobs", "jobs", {"status": state, "limit": limit})
    return {
        "status": asking.thing(client, "/api/v1/status"),
        "jobs": listed,
        "workers": asking.listing(client, "/api/v1/workers", "workers"),
    }


def _array(client: Client, array: str) -> dict[str, Any]:
    found = arrays.members(client, array)
    return {"array_id": array, "counts": dict(arrays.by_status(found)), "jobs": found}


def _show_array(found: dict[str, Any]) -> None:
    output.chat(f"array {found['array_id']}: {arrays.counts(found['jobs'])}")
    _table(found["jobs"])


def _show_all(found: dict[str, Any]) -> None:
    counts = found["status"]
    words = [f"{counts[key]} {key.replace('_', ' ')}" for key in COUNTS if key in counts]
    output.chat(", ".join(words))
    _table(found["jobs"], title="Jobs")
    output.data("")
    nodes.table(found["workers"], title="Workers")


def _table(found: list[jobs.Job], title: str = "") -> None:
    """Jobs. On a terminal, the columns on arrays and waiting only where some job has something there."""
    rows = [_row(job) for job in found]
    kept = [
        at
        for at, name in enumerate(HEADINGS)
        if name not in MAYBE or not output.on_terminal() or any(row[at] for row in rows)
    ]
    headings = [HEADINGS[at] for at in kept]
    output.table(headings, [[row[at] for at in kept] for row in rows], title=title)


def _row(job: jobs.Job) -> tuple[object, ...]:
    return (
        job["id"],
        "cancelling" if job.get("cancel_requested") and not jobs.has_ended(job) else job["status"],
        job.get("name"),
        job.get("worker_id"),
        job.get("attempt"),
        elapsed(job) if job["status"] == "running" else "",
        ago(job.get("created_at")),
        arrays.label(job),
        jobs.why_not(job),
        _command(job),
    )


def _command(job: jobs.Job, width: int = 60) -> str:
    import shlex

    line = shlex.join(str(part) for part in job.get("command_argv") or [])
    return line if len(line) <= width or not output.on_terminal() else line[: width - 1] + "…"


def _show_one(job: jobs.Job, where: place.Place) -> None:
    shown = {key: job[key] for key in JOB_FIELDS if job.get(key) not in (None, "", [], {})}
    if not shown.get("min_memory_mb"):
        shown.pop("min_memory_mb", None)
    shown["command"] = _command(job, 1000)
    shown["elapsed"] = elapsed(job)
    shown |= {"why": why} if (why := jobs.why_not(job)) else {}
    shown |= {"after": after} if (after := jobs.waits_for(job)) else {}
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
