"""demo: the whole product in two minutes, on its own folder."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import Any

import click

from whirr.cli import failures, output, place, starting, sweep
from whirr.cli.place import Place
from whirr.stack import detached as background
from whirr.stack import folder as folders
from whirr.stack.folder import Folder
from whirr.wire import WireError

DATA_PATIENCE = 120.0  # seconds
SLOTS = 2  # the training uses one thread, so two fit on the smallest machine


@click.command()
@click.option(
    "--once", is_flag=True, help="Stop when all runs have ended; 0 only if all completed."
)
@click.option(
    "--dir", "where", default=".demo", show_default=True, metavar="DIR", help="Folder to use."
)
@click.option("--no-browser", is_flag=True, help="Do not open the link.")
@click.option("--data", "make", is_flag=True, help="Put 30 made-up runs on your server, and end.")
@click.option("--remove-data", "remove", is_flag=True, help="Remove them for good, and end.")
@place.options
def demo(
    server_url: str | None,
    data_dir: str | None,
    *,
    once: bool,
    where: str,
    no_browser: bool,
    make: bool,
    remove: bool,
) -> int:
    """Start a stack in its own folder and train a small network on it, six times.

    Three learning rates by two seeds. Stays until Ctrl-C, so that you can look around. With --data nothing trains:
    the server that you use anyway gets a project `demo` of made-up runs to look at.
    """
    if make and remove:
        raise click.UsageError("--data makes what --remove-data removes: give one of them")
    if make or remove:
        if once or no_browser:
            raise click.UsageError("--once and --no-browser are for the demo that trains")
        return _data(place.find(server_url, data_dir), remove=remove)
    if server_url or data_dir:
        raise click.UsageError(
            "the demo that trains has a folder of its own: --dir; --server and --data-dir go with --data"
        )
    script = sweep.script()
    folder = Folder(Path(where).expanduser().absolute() / folders.NAME)
    server = place.live_server(folder)
    ours = server is None
    if server is None:
        output.chat(f"starting whirr in {folder.path}")
        wish = starting.embedded_wish(folder, slots=SLOTS)
        server = starting.detached(folder, wish, die_with_caller=True)
    try:
        return _run(folder, server, script, once=once, open_browser=not (no_browser or once))
    except KeyboardInterrupt:
        return failures.INTERRUPTED if once else failures.DONE
    finally:
        if ours:
            output.chat("stopping whirr")
            _stop(folder)


def _data(where: Place, *, remove: bool) -> int:
    """Made-up runs come, or go."""
    client = where.client()
    try:
        ask = client.delete if remove else client.post
        answer = ask("/api/v1/demo", timeout=DATA_PATIENCE).json()
    except WireError as error:
        raise failures.from_wire(error, where.url) from error
    if remove:
        output.chat(f"removed {answer['removed']} made-up runs")
        return failures.DONE
    if answer["made"]:
        output.chat(f"made {answer['made']} runs in the project demo")
    else:
        output.chat(f"there are {answer['runs']} made-up runs already; nothing was changed")
    output.data(where.address("/runs/?q=project%3Ademo"))
    output.chat("whirr demo --remove-data removes them for good")
    return failures.DONE


def _run(
    folder: Folder, server: dict[str, Any], script: Path, *, once: bool, open_browser: bool
) -> int:
    url = str(server["url"])
    client = Place(url, folder.secret(), folder).client()
    try:
        trials = sweep.submit(client, script)
        output.chat(f"submitted {len(trials)} runs; watch them here:")
        starting.greet(folder, server, open_browser=open_browser)
        sweep.watch(client, trials)
        sweep.read_results(client, trials)
    except WireError as error:
        raise failures.from_wire(error, url) from error
    sweep.show(trials)
    completed = sum(trial.status == "completed" for trial in trials)
    if completed < len(trials):
        output.chat(f"whirr: only {completed} of {len(trials)} runs completed; see `whirr logs ID`")
    if once:
        return failures.DONE if completed == len(trials) else failures.FAILED
    output.chat("all runs have ended; Ctrl-C stops whirr")
    _stay(folder)
    return failures.DONE


def _stay(folder: Folder) -> None:
    """Until Ctrl-C, or until somebody stops the stack."""
    while place.live_server(folder) is not None:
        time.sleep(1)
    raise failures.Failure("the stack has ended", f"its logs are in {folder.logs}")


def _stop(folder: Folder) -> None:
    """Stop the stack; a second Ctrl-C does not wait for it."""
    with contextlib.suppress(KeyboardInterrupt, TimeoutError):
        background.stop(folder)
