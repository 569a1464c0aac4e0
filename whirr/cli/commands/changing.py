"""hold, release, priority: for jobs that do not run yet."""

from __future__ import annotations

from typing import Any, Callable

import click

from whirr.cli import arrays, failures, output, place, values
from whirr.wire import Client, WireError

Change = Callable[[Client, int], Any]


def _options(command: Callable[..., Any]) -> Callable[..., Any]:
    json = click.option("--json", "as_json", is_flag=True, help="Print the jobs as JSON.")
    return json(place.options(command))


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@_options
def hold(ids: tuple[str, ...], **options: Any) -> int:
    """Keep jobs that do not run yet from starting, until they are released."""
    return _each(ids, lambda client, number: _post(client, number, "hold"), **options)


@click.command()
@click.argument("ids", nargs=-1, required=True, metavar="ID…")
@_options
def release(ids: tuple[str, ...], **options: Any) -> int:
    """Let held jobs go."""
    return _each(ids, lambda client, number: _post(client, number, "release"), **options)


@click.command(context_settings={"ignore_unknown_options": True})
@click.argument("job", metavar="ID")
@click.argument("priority", type=click.IntRange(-1_000_000, 1_000_000), metavar="N")
@_options
def priority(job: str, priority: int, **options: Any) -> int:
    """Give a job that does not run yet another priority; the higher goes first."""
    body = {"priority": priority}
    return _each(
        (job,),
        lambda client, number: client.request(
            "PATCH", f"/api/v1/jobs/{number}", json=body, repeatable=True
        ),
        **options,
    )


def _post(client: Client, number: int, verb: str) -> Any:
    return client.post(f"/api/v1/jobs/{number}/{verb}", repeatable=True)


def _each(
    ids: tuple[str, ...],
    change: Change,
    *,
    server_url: str | None,
    data_dir: str | None,
    as_json: bool,
) -> int:
    """Change each job, in the order in which they were named, up to the first that refuses."""
    targets = [values.target(text) for text in ids]
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        told = [change(client, each).json() for each in arrays.numbers_of(client, targets)]
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(told)
        return failures.DONE
    rows = [
        (job["id"], job["status"], "yes" if job.get("held") else "no", job["priority"])
        for job in told
    ]
    output.table(("job", "status", "held", "priority"), rows)
    return failures.DONE
