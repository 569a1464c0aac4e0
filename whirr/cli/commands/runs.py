"""runs and show: what was recorded."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import asking, failures, output, place, values
from whirr.cli.output import ago, span
from whirr.wire import FilterWrong, NotFound, WireError


@click.command()
@click.option(
    "--filter",
    "-f",
    "text",
    help="Only runs that this finds: 'state:failed lr>=1e-4 created>-7d' (docs/filter.md).",
)
@click.option("--sort", help="By these columns, a minus to go down: '-metric.loss:min,name'.")
@click.option("--tag", help="Only runs with this tag.")
@click.option("--status", help="Only runs in this state: running, completed, failed, cancelled.")
@click.option(
    "--limit", type=click.IntRange(1, 500), default=50, show_default=True, help="At most so many."
)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@place.options
def runs(
    server_url: str | None,
    data_dir: str | None,
    *,
    text: str | None,
    sort: str | None,
    tag: str | None,
    status: str | None,
    limit: int,
    as_json: bool,
) -> None:
    """List runs, newest first."""
    where = place.find(server_url, data_dir)
    query = {"filter": text, "sort": sort, "tag": tag, "status": status, "limit": limit}
    try:
        found = asking.listing(where.client(), "/api/v1/runs", "runs", query)
    except FilterWrong as wrong:
        raise failures.of_filter(wrong, text or "") from wrong
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(found)
        return
    rows = [
        (
            run["id"],
            run["status"],
            run.get("name"),
            ago(run.get("started_at")),
            span(run.get("duration_seconds")),
            run.get("tags"),
            run.get("summary"),
        )
        for run in found
    ]
    output.table(("run", "status", "name", "started", "duration", "tags", "summary"), rows)


@click.command()
@click.argument("run", metavar="RUN")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON.")
@place.options
def show(server_url: str | None, data_dir: str | None, *, run: str, as_json: bool) -> None:
    """Show one run: state, config, summary and artifacts."""
    name = values.run_id(run)
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        found = asking.thing(client, f"/api/v1/runs/{name}")
        try:
            found["artifacts"] = asking.listing(
                client, f"/api/v1/runs/{name}/artifacts", "artifacts"
            )
        except NotFound:
            found["artifacts"] = []
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(found)
    else:
        _show(found, where.address(str(found.get("url") or f"/runs/{name}/")))


def _show(run: dict[str, Any], url: str) -> None:
    facts = [
        ("run", run["id"]),
        ("name", run.get("name")),
        ("status", run["status"]),
        ("job", run.get("job_id")),
        ("host", run.get("hostname")),
        ("started", run.get("started_at")),
        ("finished", run.get("finished_at")),
        ("duration", span(run.get("duration_seconds"))),
        ("tags", run.get("tags")),
        ("folder", run.get("run_dir")),
        ("url", url),
    ]
    for part in ("config", "summary"):
        facts += [(f"{part}.{key}", value) for key, value in (run.get(part) or {}).items()]
    output.table(("field", "value"), [fact for fact in facts if fact[1] not in (None, "", [])])
    artifacts = run.get("artifacts") or []
    if artifacts:
        output.data("")
        rows = [(item["path"], item["size"], item.get("modified")) for item in artifacts]
        output.table(("artifact", "bytes", "modified"), rows)
