"""cancel: stop running jobs and take waiting ones out of the queue."""

from __future__ import annotations

import sys
from typing import Any

import click

from whirr.cli import asking, failures, filters, output, place, values
from whirr.wire import Client, NotFound, Refused, WireError

Result = dict[str, object]


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--all-queued", is_flag=True, help="Every job that has not started.")
@click.option("--array", metavar="A3", help="Every member of this array.")
@filters.options
@click.option(
    "--status",
    type=click.Choice(["queued", "waiting", "running", "active"]),
    help="Jobs in this state. Default: active, all that have not ended.",
)
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
@place.options
def cancel(
    server_url: str | None,
    data_dir: str | None,
    *,
    ids: tuple[str, ...],
    all_queued: bool,
    array: str | None,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Cancel jobs by number, arrays as A3, or all that the options choose.

    \b
    whirr cancel 7 8 A3
    whirr cancel --project vision --tag base
    """
    chosen = filters.chosen(given, array)
    if [bool(ids), all_queued, bool(chosen)].count(True) != 1:
        raise click.UsageError("name the jobs to cancel, or use --all-queued, or choose by options")
    targets = [values.target(text) for text in ids]
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        if all_queued:
            results = _all_queued(client, yes=yes)
        elif chosen:
            results = _chosen(client, chosen, yes=yes)
        else:
            results = [each for target in targets for each in _one(client, target)]
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    codes = [int(str(result.pop("exit_code", 0))) for result in results]
    if as_json:
        output.as_json(results)
    else:
        _show(results, nothing="no job was waiting" if all_queued else "no such job was active")
    return next((code for code in codes if code), failures.DONE)


def _one(client: Client, target: int | str) -> list[Result]:
    """Cancel a job or an array; what cannot be cancelled has the exit code that this amounts to."""
    try:
        if isinstance(target, str):
            body = {"array": target}
            return _told(client.post("/api/v1/jobs/cancel", body, repeatable=True).json())
        answer = client.post(f"/api/v1/jobs/{target}/cancel", repeatable=True).json() or {}
    except Refused as error:
        if error.status in (401, 403):
            raise
        output.chat(f"whirr: {target}: {error}")
        code = failures.NOT_FOUND if isinstance(error, NotFound) else failures.FAILED
        return [{"job_id": target, "cancelled": False, "message": str(error), "exit_code": code}]
    return [{"job_id": target, "cancelled": True, **answer}]


def _chosen(client: Client, chosen: dict[str, str], *, yes: bool) -> list[Result]:
    if not yes and _a_person_is_there():
        query = {"status": "active", **chosen}
        count = sum(1 for _ in asking.every(client, "/api/v1/jobs", "jobs", query))
        if not count:
            return []
        _ask(f"Cancel {count} jobs ({filters.in_words(chosen)})?")
    return _told(client.post("/api/v1/jobs/cancel", chosen, repeatable=True, timeout=60.0).json())


def _all_queued(client: Client, *, yes: bool) -> list[Result]:
    if not yes and _a_person_is_there():
        counts = asking.thing(client, "/api/v1/status")
        count = int(counts.get("queued") or 0) + int(counts.get("waiting") or 0)
        if not count:
            return []
        _ask(f"Cancel {count} jobs, of all users?")
    answer = client.post("/api/v1/jobs/cancel-queued", repeatable=True, timeout=60.0).json()
    return _told({"cancelled": answer["job_ids"], "stopping": []})


def _a_person_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(question: str) -> None:
    if not click.confirm(question, err=True):
        raise failures.Failure("nothing was cancelled")


def _told(answer: dict[str, Any]) -> list[Result]:
    ended = [(number, "cancelled") for number in answer["cancelled"]]
    asked = [(number, "told to stop") for number in answer["stopping"]]
    return [
        {"job_id": number, "cancelled": True, "message": message}
        for number, message in sorted(ended + asked)
    ]


def _show(results: list[Result], nothing: str) -> None:
    if not results:
        output.chat(nothing)
        return
    rows = [
        (result["job_id"], "yes" if result["cancelled"] else "no", result.get("message", ""))
        for result in results
    ]
    output.table(("job", "cancelled", "message"), rows)
