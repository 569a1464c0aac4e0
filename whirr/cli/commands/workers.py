"""workers: list them, and say which of them get no more jobs."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import asking, failures, nodes, output, place
from whirr.wire import Client, WireError


@click.group(invoke_without_command=True)
@click.option("--json", "as_json", is_flag=True, help="Print them as JSON.")
@place.options
@click.pass_context
def workers(
    context: click.Context, server_url: str | None, data_dir: str | None, *, as_json: bool
) -> None:
    """List workers, or say what they are to do."""
    if context.invoked_subcommand is None:
        _list(server_url, data_dir, as_json=as_json)
        return
    # `whirr workers --server URL drain NAME` means the same as with the option at the end.
    context.obj = (server_url, data_dir)


def _options(command: Any) -> Any:
    json = click.option("--json", "as_json", is_flag=True, help="Print the answers as JSON.")
    return json(place.options(command))


@workers.command("list")
@_options
@click.pass_context
def list_(
    context: click.Context, server_url: str | None, data_dir: str | None, *, as_json: bool
) -> None:
    """List workers: what they have and what they are doing."""
    _list(*_place(context, server_url, data_dir), as_json=as_json)


def _list(server_url: str | None, data_dir: str | None, *, as_json: bool) -> None:
    where = place.find(server_url, data_dir)
    try:
        found = asking.listing(where.client(), "/api/v1/workers", "workers")
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(found)
    else:
        nodes.table(found)


def _verb(name: str, told: str) -> None:
    """Add `whirr workers <name> WORKER…`."""

    @workers.command(name, help=told)
    @click.argument("names", nargs=-1, required=True, metavar="NAME…")
    @_options
    @click.pass_context
    def command(
        context: click.Context,
        server_url: str | None,
        data_dir: str | None,
        *,
        names: tuple[str, ...],
        as_json: bool,
    ) -> None:
        _do(name, names, _place(context, server_url, data_dir), as_json=as_json)


for _name, _told in (
    ("drain", "Let them end what they run, and give them nothing new."),
    ("resume", "Undo a drain."),
    ("disable", "Give them nothing, until somebody enables them."),
    ("enable", "Undo a disable."),
    ("rm", "Forget workers that are gone."),
):
    _verb(_name, _told)


def _place(
    context: click.Context, server_url: str | None, data_dir: str | None
) -> tuple[str | None, str | None]:
    outer = context.obj or (None, None)
    return server_url or outer[0], data_dir or outer[1]


def _do(
    verb: str, names: tuple[str, ...], there: tuple[str | None, str | None], *, as_json: bool
) -> None:
    if bad := [name for name in names if "/" in name or not name.strip()]:
        raise click.UsageError(f"{bad[0]!r} is no worker's name; `whirr workers` lists them")
    where = place.find(*there)
    client = where.client()
    try:
        told = [_ask(client, verb, name) for name in names]
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json(told)
    elif verb == "rm":
        output.chat(f"forgotten: {', '.join(names)}")
    else:
        nodes.table(told)


def _ask(client: Client, verb: str, name: str) -> dict[str, Any]:
    path = f"/api/v1/workers/{name}"
    answer = client.delete(path) if verb == "rm" else client.post(f"{path}/{verb}", repeatable=True)
    told: dict[str, Any] = answer.json()
    return told
