"""retention: the rules by which finished runs go into the trash by themselves."""

from __future__ import annotations

from typing import Any

import click

from whirr.cli import asking, failures, output, place, values
from whirr.cli.output import size
from whirr.wire import Client, WireError

PATIENCE = 120.0  # seconds for an answer: folders are looked through
RULE = click.argument("project", metavar="PROJECT")
SETTINGS = (
    *("enabled", "keep_last", "keep_best", "metric", "direction"),
    *("older_than_days", "protected_tags"),
)


def _options(command: Any) -> Any:
    json = click.option("--json", "as_json", is_flag=True, help="Print the answer as JSON.")
    return json(place.options(command))


@click.group()
def retention() -> None:
    """Which finished runs of a project go into the trash by themselves.

    PROJECT is a project's name; - means runs without one.
    """


@retention.command()
@click.argument("project", required=False, metavar="[PROJECT]")
@_options
def show(
    server_url: str | None, data_dir: str | None, *, project: str | None, as_json: bool
) -> None:
    """Show the rules, or that of one project."""
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        if project:
            rules = [asking.thing(client, _path(project))]
        else:
            rules = asking.listing(client, "/api/v1/retention", "rules")
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    _show(rules, as_json=as_json)


@retention.command("set")
@RULE
@click.option("--keep-last", type=click.IntRange(0), help="So many of the newest stay.")
@click.option("--keep-best", type=click.IntRange(0), help="So many of the best stay.")
@click.option("--metric", default="", help="The best by this metric.")
@click.option("--direction", type=click.Choice(["min", "max"]), default="min", show_default=True)
@click.option("--older-than", metavar="DAYS", help="Younger ones stay: 30d, or 30.")
@click.option("--protect", multiple=True, metavar="TAG", help="Runs with this tag stay. [keep]")
@click.option("--off", is_flag=True, help="Keep the rule, and do not apply it by the hour.")
@click.option("--dry-run", is_flag=True, help="Store nothing; show what such a rule would do.")
@_options
def set_(
    server_url: str | None,
    data_dir: str | None,
    *,
    project: str,
    older_than: str | None,
    protect: tuple[str, ...],
    off: bool,
    dry_run: bool,
    as_json: bool,
    **given: Any,
) -> None:
    """Set the rule of a project, all of it.

    \b
    whirr retention set vision --keep-last 20 --older-than 30d
    whirr retention set vision --keep-best 5 --metric val/acc --direction max --protect paper
    """
    body = given | {"enabled": not off, "older_than_days": _days(older_than)}
    if protect:
        body["protected_tags"] = values.listed(protect)
    where = place.find(server_url, data_dir)
    client = where.client()
    query = {"dry_run": 1} if dry_run else None
    try:
        told = client.request(
            "PUT", _path(project), query=query, json=body, repeatable=True, timeout=PATIENCE
        ).json()
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if dry_run:
        _report(told["report"], as_json=as_json)
    else:
        _show([told], as_json=as_json)


@retention.command()
@RULE
@click.option("--dry-run", is_flag=True, help="Only say which runs would go.")
@_options
def apply(
    server_url: str | None, data_dir: str | None, *, project: str, dry_run: bool, as_json: bool
) -> None:
    """Apply a rule now, instead of within the hour."""
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        told = _dry(client, project) if dry_run else _applied(client, project)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if dry_run:
        _report(told["report"], as_json=as_json)
    elif as_json:
        output.as_json(told)
    else:
        for run in told["runs"]:
            output.data(run)
        output.chat(f"{len(told['runs'])} in the trash")


@retention.command()
@RULE
@place.options
def rm(server_url: str | None, data_dir: str | None, *, project: str) -> None:
    """Take a rule away; what is in the trash stays there."""
    where = place.find(server_url, data_dir)
    try:
        output.chat(str(where.client().delete(_path(project)).json()["message"]))
    except WireError as error:
        raise failures.from_wire(error, where.url) from error


def _dry(client: Client, project: str) -> dict[str, Any]:
    found: dict[str, Any] = client.get(_path(project), {"dry_run": 1}, timeout=PATIENCE).json()
    return found


def _applied(client: Client, project: str) -> dict[str, Any]:
    found: dict[str, Any] = client.post(_path(project), repeatable=True, timeout=PATIENCE).json()
    return found


def _path(project: str) -> str:
    return f"/api/v1/retention/{project}"


def _days(text: str | None) -> int | None:
    if text is None or text.isdecimal():
        return None if text is None else int(text)
    seconds = values.Duration().convert(text, None, None)
    if seconds % 86400:
        raise click.UsageError(f"--older-than {text}: rules count whole days, such as 30d")
    return seconds // 86400


def _show(rules: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        output.as_json(rules)
        return
    rows = [(rule["project"] or "-", *(rule.get(name) for name in SETTINGS)) for rule in rules]
    output.table(("project", *(name.replace("_", " ") for name in SETTINGS)), rows)


def _report(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.as_json(report)
        return
    rows = [(run["id"], run["name"], run["finished_at"], run["bytes"]) for run in report["runs"]]
    output.table(("run", "name", "finished", "bytes"), rows)
    stay = ", ".join(f"{count} {reason}" for reason, count in report["staying"].items())
    output.chat(f"{report['count']} would go, {size(report['bytes'])}; stay: {stay or 'none'}")
