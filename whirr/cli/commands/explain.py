"""explain: why a job does not run, in words."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import asking, failures, output, place, values
from whirr.wire import WireError


@click.command()
@click.argument("job", metavar="ID")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@place.options
def explain(server_url: str | None, data_dir: str | None, *, job: str, as_json: bool) -> None:
    """Say why a job does not run: the reasons, its place in the queue, and what each worker says."""
    number = values.job_id(job)
    where = place.find(server_url, data_dir)
    try:
        found = asking.thing(where.client(), f"/api/v1/jobs/{number}/explain")
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(found)
    else:
        _show(found)


def _show(found: dict[str, Any]) -> None:
    output.data(output.plain(f"job {found['job_id']} ({found['status']}): {found['summary']}"))
    for text in _more(found):
        output.data(output.plain(f"- {text}"))
    workers = found.get("workers") or []
    if not workers:
        return
    output.data("")
    rows = [(each["worker_id"], each["verdict"], each["text"]) for each in workers]
    output.table(("worker", "verdict", "in words"), rows)
    if found.get("workers_more"):
        output.chat(f"and {found['workers_more']} more workers")


def _more(found: dict[str, Any]) -> list[str]:
    """What the summary leaves out: further reasons, and when it may start."""
    told = [each["text"] for each in found.get("reasons") or []]
    told = [text for text in told if text not in found["summary"]]
    if found.get("position"):
        told.append(f"place {found['position']} in the queue")
    basis = found.get("estimate_basis")
    start = output.moment(found.get("estimated_start"))
    if start is not None:
        told.append(f"may start at {start.astimezone():%Y-%m-%d %H:%M} ({basis})")
    elif basis:
        told.append(f"nobody can say when it starts: {basis}")
    return told
