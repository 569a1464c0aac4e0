"""doctor: say what is wrong, and how to mend it; make the database again from the files."""

from __future__ import annotations

import os
from importlib.util import find_spec

import click

from whirr.cli import checkup, failures, output, place
from whirr.cli.checkup import BAD, Finding, Server, finding
from whirr.stack import lock
from whirr.stack.folder import Folder

MARKS = {checkup.OK: ("✓", "green"), checkup.WARN: ("!", "yellow"), BAD: ("✗", "red")}


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option("--rebuild", is_flag=True, help="Make the database again from the files of all runs.")
@click.option("--dry-run", is_flag=True, help="With --rebuild: say what differs, write nothing.")
@click.option("--online", is_flag=True, help="With --rebuild: even while a server runs.")
@click.option("--sweep", is_flag=True, help="With --rebuild: then remove contents nothing names.")
@place.options
def doctor(
    server_url: str | None,
    data_dir: str | None,
    *,
    as_json: bool,
    rebuild: bool,
    dry_run: bool,
    online: bool,
    sweep: bool,
) -> int:
    """Say what is wrong and how to mend it. Exit code 1 where something is.

    Looks at the nearest .whirr/ (or the folder that is named), at the server, at this machine's GPUs. Nothing is
    changed, unless --rebuild asks for it.
    """
    if (dry_run or online or sweep) and not rebuild:
        raise click.UsageError("--dry-run, --online and --sweep belong to --rebuild")
    if dry_run and sweep:
        raise click.UsageError("--dry-run changes nothing, so there is nothing to --sweep")
    if rebuild and as_json:
        raise click.UsageError("--json tells findings; --rebuild prints a line for each run")
    folder = place.find_folder(data_dir)
    if rebuild:
        return _rebuild(folder, dry_run=dry_run, online=online, sweep=sweep)
    found = _findings(folder, server_url, named=bool(data_dir))
    if as_json:
        output.as_json(found)
    else:
        for each in found:
            _tell(each)
    bad = any(each["state"] == BAD for each in found)
    return failures.FAILED if bad else failures.DONE


def _findings(folder: Folder | None, server_url: str | None, *, named: bool) -> list[Finding]:
    server = _server(folder, server_url, named=named)
    found: list[Finding] = []
    if folder is None:
        found.append(finding("folder", checkup.WARN, "no .whirr here or above", place.NO_PROJECT))
    else:
        found += checkup.of_folder(folder)
        if folder.path.is_dir():
            found += checkup.from_inside(folder)
    if server is None:
        found.append(finding("server", checkup.WARN, "none runs here", "`whirr up` starts one"))
    else:
        found += checkup.of_server(server)
    if folder is not None:
        found += checkup.of_direct_runs(folder, server)
    return [*found, checkup.of_gpus()]


def _server(folder: Folder | None, server_url: str | None, *, named: bool) -> Server | None:
    """The server that other commands would talk to; a sleeping stack is left asleep."""
    live = place.live_server(folder) if folder else None
    own = str(live["url"]) if live else ""
    url = server_url or ("" if named else os.environ.get("WHIRR_SERVER_URL", "").strip()) or own
    if not url:
        return None
    where = place.find(url, str(folder.path) if folder else None, with_agent=False)
    where.client()  # an address that is none is told at once
    return Server(where.url, where.token, where.url == own.rstrip("/"))


def _rebuild(folder: Folder | None, *, dry_run: bool, online: bool, sweep: bool) -> int:
    if folder is None or not (folder.path / "runs").is_dir():
        named = folder.path if folder else "here or above"
        raise failures.Failure(
            f"there are no runs to rebuild from ({named})", "name the data folder: -d DIR", 2
        )
    if find_spec("django") is None:
        raise failures.Failure("the server is not installed here", "pip install 'whirr[all]'")
    if lock.is_held(folder.lock_file) and not (dry_run or online):
        raise failures.Failure(
            f"a server runs on {folder.path}", "stop it first (`whirr down`), or add --online"
        )
    asked = {"--dry-run": dry_run, "--online": online, "--sweep": sweep}
    flags = [flag for flag, given in asked.items() if given]
    return checkup.manage(folder, "rebuild", *flags, capture=False).returncode


def _tell(found: Finding) -> None:
    mark, colour = MARKS[found["state"]]
    if output.on_terminal():
        mark = click.style(mark, fg=colour)
    output.data(f"{mark} {found['what']}: {output.plain(found['says'])}")
    if found["mend"]:
        output.data(f"  → {found['mend']}")
