"""rm, restore and trash: runs that nobody wants any more; archive and unarchive: those that nobody looks at."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

import click

from whirr.cli import asking, failures, output, place, values
from whirr.cli.output import ago, size, span
from whirr.wire import Client, WireError

AT_ONCE = 1000  # ids of one request
PATIENCE = 120.0  # seconds for an answer: folders are looked through, or deleted
STATES = ("completed", "failed", "cancelled")


def _options(command: Any) -> Any:
    json = click.option("--json", "as_json", is_flag=True, help="Print what happened as JSON.")
    return json(place.options(command))


@click.command()
@click.argument("runs", nargs=-1, metavar="RUN…")
@click.option("--project", help="Runs of this project; '' means runs without one.")
@click.option("--tag", help="Runs with this tag.")
@click.option("--status", type=click.Choice(STATES), help="Runs that ended like this.")
@click.option("--older-than", type=values.Duration(), help="Runs that ended so long ago: 30d, 12h.")
@click.option("--force", is_flag=True, help="Also direct runs that seem to run.")
@click.option("--dry-run", is_flag=True, help="Only say which would go, and what that would free.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@_options
def rm(
    server_url: str | None,
    data_dir: str | None,
    *,
    runs: tuple[str, ...],
    force: bool,
    dry_run: bool,
    yes: bool,
    as_json: bool,
    **given: Any,
) -> int:
    """Move runs to the trash: by their ids, or finished ones that the options choose.

    \b
    whirr rm job-7 8 local-20260115-103000-a1b2c3
    whirr rm --project vision --status failed --older-than 30d --dry-run
    """
    chosen = _chosen(given)
    if bool(runs) == bool(chosen):
        raise click.UsageError("name the runs to move to the trash, or choose them by options")
    if chosen and force:
        raise click.UsageError("--force goes with runs that are named")
    ids = [values.run_id(text) for text in runs]
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        if chosen and not dry_run and not yes and _a_person_is_there():
            _ask(_discard(client, [{**chosen, "dry_run": True}]))
        bodies = [chosen] if chosen else [{"ids": part, "force": force} for part in _parts(ids)]
        told = _discard(client, [{**body, "dry_run": dry_run} for body in bodies])
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    return _tell(told, "would go to the trash" if dry_run else "in the trash", as_json=as_json)


def _chosen(given: dict[str, Any]) -> dict[str, Any]:
    found = {name: given[name] for name in ("project", "tag", "status") if given[name] is not None}
    if given["older_than"] is not None:
        found["older_than_seconds"] = given["older_than"]
    return found


def _parts(ids: list[str]) -> list[list[str]]:
    return [ids[at : at + AT_ONCE] for at in range(0, len(ids), AT_ONCE)]


def _discard(client: Client, bodies: list[dict[str, Any]]) -> dict[str, Any]:
    return _joined(_answers(client, "/api/v1/runs/trash", bodies))


def _answers(client: Client, path: str, bodies: list[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    """Each answer; what is chosen goes in several calls where it is much."""
    for body in bodies:
        while True:
            told = client.post(path, body, repeatable=True, timeout=PATIENCE).json()
            yield told
            if not told["more"] or not told["runs"] or body.get("dry_run"):
                break


def _joined(answers: Iterator[dict[str, Any]]) -> dict[str, Any]:
    found = list(answers)
    measured = [told["bytes"] for told in found if told["bytes"] is not None]
    return {
        "runs": [run for told in found for run in told["runs"]],
        "refused": [one for told in found for one in told["refused"]],
        "bytes": sum(measured) if measured else None,
        "more": any(told["more"] for told in found[-1:]),
    }


def _a_person_is_there() -> bool:
    return sys.stdin.isatty() and sys.stderr.isatty()


def _ask(told: dict[str, Any]) -> None:
    count = f"{len(told['runs'])}{' or more' if told['more'] else ''}"
    if not click.confirm(f"Move {count} runs ({size(told['bytes'])}) to the trash?", err=True):
        raise failures.Failure("nothing was moved")


def _tell(told: dict[str, Any], done: str, *, as_json: bool) -> int:
    if as_json:
        output.as_json(told)
    else:
        for run in told["runs"]:
            output.data(run)
        room = "" if told["bytes"] is None else f", {size(told['bytes'])}"
        output.chat(f"{len(told['runs'])} {done}{room}{'; there are more' if told['more'] else ''}")
    for refused in told["refused"]:
        output.chat(f"whirr: {refused['detail']}")
    codes = {refused["code"] for refused in told["refused"]}
    if not codes:
        return failures.DONE
    known = {"not_found": failures.NOT_FOUND, "permission_denied": failures.NOT_ALLOWED}
    return known.get(min(codes), failures.FAILED) if len(codes) == 1 else failures.FAILED


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@_options
def restore(
    server_url: str | None, data_dir: str | None, *, runs: tuple[str, ...], as_json: bool
) -> int:
    """Take runs out of the trash."""
    told = _done(place.find(server_url, data_dir), "restore", runs)
    return _tell(told, "restored", as_json=as_json)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@_options
def archive(
    server_url: str | None, data_dir: str | None, *, runs: tuple[str, ...], as_json: bool
) -> int:
    """Leave ended runs out of lists from now on; nothing of them is deleted."""
    told = _done(place.find(server_url, data_dir), "archive", runs)
    return _tell(told, "archived", as_json=as_json)


@click.command()
@click.argument("runs", nargs=-1, required=True, metavar="RUN…")
@_options
def unarchive(
    server_url: str | None, data_dir: str | None, *, runs: tuple[str, ...], as_json: bool
) -> int:
    """Bring archived runs back into the lists."""
    told = _done(place.find(server_url, data_dir), "unarchive", runs)
    return _tell(told, "back from the archive", as_json=as_json)


def _done(where: place.Place, verb: str, runs: tuple[str, ...]) -> dict[str, Any]:
    """What a verb did to the runs that were named."""
    bodies = [{"ids": part} for part in _parts([values.run_id(text) for text in runs])]
    try:
        return _joined(_answers(where.client(), f"/api/v1/runs/{verb}", bodies))
    except WireError as error:
        raise failures.from_wire(error, where.url) from error


@click.command()
@click.option("--empty", is_flag=True, help="Delete all that is in it for good, now.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@_options
def trash(
    server_url: str | None, data_dir: str | None, *, empty: bool, yes: bool, as_json: bool
) -> int:
    """List what is in the trash, or empty it."""
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        about = asking.thing(client, "/api/v1/trash")
        if empty:
            if not yes and _a_person_is_there() and about["runs"]:
                _ask_for_good(about)
            return _emptied(client, as_json=as_json)
        found = list(asking.every(client, "/api/v1/runs", "runs", {"trashed": 1}))
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if as_json:
        output.as_json({**about, "runs": found})
        return failures.DONE
    if found:
        rows = [
            (run["id"], run.get("name"), run.get("project"), ago(run.get("trashed_at")))
            for run in found
        ]
        output.table(("run", "name", "project", "trashed"), rows)
    grace = span(about["grace_seconds"])
    output.chat(f"{len(found)} runs, {size(about['bytes'])}; deleted for good after {grace}")
    return failures.DONE


def _ask_for_good(about: dict[str, Any]) -> None:
    question = f"Delete {about['runs']} runs ({size(about['bytes'])}) for good?"
    if not click.confirm(question, err=True):
        raise failures.Failure("nothing was deleted")


def _emptied(client: Client, *, as_json: bool) -> int:
    """Ask until nothing is left: one call deletes for some seconds."""
    told: dict[str, Any] = {"deleted": [], "freed_bytes": 0, "kept": []}
    while True:
        answer = client.post("/api/v1/trash/empty", repeatable=True, timeout=PATIENCE).json()
        told["deleted"] += answer["deleted"]
        told["freed_bytes"] += answer["freed_bytes"]
        told["kept"] = answer["kept"]
        if not answer["left"] or not answer["deleted"]:
            break
    if as_json:
        output.as_json(told)
    else:
        freed = size(told["freed_bytes"])
        output.chat(f"{len(told['deleted'])} runs deleted for good, freed {freed}")
    for kept in told["kept"]:
        output.chat(f"whirr: {kept['id']} stays: {kept['detail']}")
    return failures.FAILED if told["kept"] else failures.DONE
