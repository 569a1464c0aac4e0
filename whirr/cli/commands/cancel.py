"""cancel: stop running jobs and take waiting ones out of the queue."""

from __future__ import annotations

from collections.abc import Iterator

import click

from whirr.cli import asking, failures, output, place, values
from whirr.wire import Client, NotFound, Refused, WireError

PAGE = 500


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--all-queued", is_flag=True, help="Every job that has not started.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
@place.options
def cancel(
    server_url: str | None,
    data_dir: str | None,
    *,
    ids: tuple[str, ...],
    all_queued: bool,
    as_json: bool,
) -> int:
    """Cancel jobs by their numbers, or all that have not started."""
    if bool(ids) == all_queued:
        raise click.UsageError("name the jobs to cancel, or use --all-queued")
    numbers = [values.job_id(text) for text in ids]
    where = place.find(server_url, data_dir)
    client = where.client()
    results, worst = [], failures.DONE
    try:
        for number in _queued(client) if all_queued else numbers:
            result, code = _cancel(client, number)
            results.append(result)
            worst = worst or code
            if code:
                output.chat(f"whirr: job {number}: {result['message']}")
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(results)
    else:
        _show(results, nothing="no job was waiting")
    return worst


def _cancel(client: Client, number: int) -> tuple[dict[str, object], int]:
    """Cancel one job: what happened, and the exit code it amounts to."""
    try:
        answer = client.post(f"/api/v1/jobs/{number}/cancel", repeatable=True).json() or {}
    except NotFound as error:
        return {"job_id": number, "cancelled": False, "message": str(error)}, failures.NOT_FOUND
    except Refused as error:
        if error.status in (401, 403):
            raise
        return {"job_id": number, "cancelled": False, "message": str(error)}, failures.FAILED
    return {"job_id": number, "cancelled": True, **answer}, failures.DONE


def _queued(client: Client) -> Iterator[int]:
    """Every job that has not started, page by page; each once, whatever its cancelling comes to."""
    seen: set[int] = set()
    for status in ("queued", "waiting"):
        while True:
            page = asking.listing(client, "/api/v1/jobs", "jobs", {"status": status, "limit": PAGE})
            fresh = [job["id"] for job in page if job["id"] not in seen]
            if not fresh:
                break
            seen.update(fresh)
            yield from fresh


def _show(results: list[dict[str, object]], nothing: str) -> None:
    if not results:
        output.chat(nothing)
        return
    rows = [
        (result["job_id"], "yes" if result["cancelled"] else "no", result.get("message", ""))
        for result in results
    ]
    output.table(("job", "cancelled", "message"), rows)
