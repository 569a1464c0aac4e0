"""retry: run again what failed or was cancelled."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import failures, filters, output, place, values
from whirr.wire import Client, WireError


@click.command()
@click.argument("ids", nargs=-1, metavar="ID…")
@click.option("--failed", metavar="A3", help="What failed or was cancelled of this array.")
@filters.options
@click.option("--json", "as_json", is_flag=True, help="Print the new jobs as JSON.")
@place.options
def retry(
    server_url: str | None,
    data_dir: str | None,
    *,
    ids: tuple[str, ...],
    failed: str | None,
    as_json: bool,
    **given: Any,
) -> int:
    """Queue jobs once more, as new ones that name the old.

    By options (or as A3) those are chosen that failed or were cancelled and were not retried yet.

    \b
    whirr retry 7
    whirr retry --failed A3
    """
    chosen = filters.chosen(given, failed)
    if bool(ids) == bool(chosen):
        raise click.UsageError("name the jobs to retry, or choose them by options")
    targets = [values.target(text) for text in ids]
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        found = [_all(client, chosen)] if chosen else [_one(client, each) for each in targets]
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    made = [each for some in found for each in some]
    if as_json:
        output.as_json(made)
    elif made:
        output.table(("job", "retry of"), [(each["job_id"], each["retry_of"]) for each in made])
    else:
        output.chat("nothing is left to retry")
    return failures.DONE


def _one(client: Client, target: int | str) -> list[dict[str, Any]]:
    if isinstance(target, str):
        return _all(client, {"array": target})
    return [client.post(f"/api/v1/jobs/{target}/retry").json()]


def _all(client: Client, chosen: dict[str, str]) -> list[dict[str, Any]]:
    made: list[dict[str, Any]] = client.post("/api/v1/jobs/retry", chosen, timeout=60.0).json()[
        "jobs"
    ]
    return made
