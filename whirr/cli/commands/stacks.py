"""init, up, down, dashboard and server: the commands that make and run a stack."""

from __future__ import annotations

import os
from pathlib import Path

import click

from whirr.cli import failures, output, place, starting
from whirr.stack import detached as background
from whirr.stack import folder as folders
from whirr.stack import link
from whirr.stack.folder import Folder
from whirr.stack.roster import Shape
from whirr.stack.running import Wish

PORT = click.IntRange(1, 65535)


@click.command()
def init() -> None:
    """Make a project folder (.whirr/) here."""
    folder = Folder(Path.cwd() / folders.NAME)
    try:
        new = folder.make()
    except OSError as error:
        raise starting.unusable(folder, error) from error
    output.data(str(folder.path))
    output.chat(
        "made; `whirr up` starts the stack" if new else "was there already; nothing changed"
    )


@click.command()
@click.option("--detach", is_flag=True, help="Return when it is healthy; `whirr down` stops it.")
@click.option("--no-agent", is_flag=True, help="Run no jobs on this machine.")
@click.option("--port", type=PORT, help="Exactly this port. Default: 8080 or the next free one.")
@click.option("--host", default=starting.LOOPBACK, show_default=True, help="Address to listen on.")
@click.option("--no-browser", is_flag=True, help="Do not open the link.")
def up(detach: bool, no_agent: bool, port: int | None, host: str, no_browser: bool) -> int:
    """Run web, background work and one agent for this folder, until Ctrl-C.

    Uses the nearest .whirr/ here or above, or makes one here. Whoever has the printed link gets in.
    """
    folder = place.find_folder(None) or Folder(Path.cwd() / folders.NAME)
    wish = starting.embedded_wish(folder, host=host, port=port, with_agent=not no_agent)
    return _run(folder, wish, detach=detach, open_browser=not no_browser)


@click.command()
@click.option("--data-dir", "-d", metavar="DIR", help="Whose stack [WHIRR_DATA_DIR].")
def down(data_dir: str | None) -> None:
    """Stop the stack of this folder and wait until all of it is gone."""
    folder = place.find_folder(data_dir)
    try:
        stopped = folder is not None and background.stop(folder)
    except (TimeoutError, PermissionError) as error:
        raise failures.Failure(str(error), "end that process yourself") from error
    output.chat("stopped" if stopped else "no stack runs here")


@click.command()
@place.options
def dashboard(server_url: str | None, data_dir: str | None) -> None:
    """Print the link to the dashboard, and open it where there is a browser."""
    where = place.find(server_url, data_dir)
    server = place.live_server(where.folder) if where.folder else None
    if where.folder and server and server["url"] == where.url:
        starting.greet(where.folder, server, open_browser=True)
        return
    output.data(where.url + "/")
    if link.has_display():
        click.launch(where.url + "/")


@click.command()
@click.option("--host", default="0.0.0.0", show_default=True, help="Address to listen on.")  # noqa: S104
@click.option("--port", type=PORT, help="Port to listen on. Default: 8080.")
@click.option(
    "--database-url", metavar="URL", help="postgresql://… [WHIRR_DATABASE_URL]; default: SQLite."
)
@click.option("--redis-url", metavar="URL", help="redis://… [WHIRR_REDIS_URL]; default: none.")
@click.option(
    "--data-dir",
    "-d",
    envvar="WHIRR_DATA_DIR",
    default="whirr-data",
    show_default=True,
    metavar="DIR",
)
@click.option("--detach", is_flag=True, help="Return when it is healthy.")
def server(
    host: str,
    port: int | None,
    database_url: str | None,
    redis_url: str | None,
    data_dir: str,
    detach: bool,
) -> int:
    """Run a server for many machines; agents join it with `whirr worker --server URL`.

    A URL with a password is better given by the environment: command lines are public.
    """
    for name, value in (("WHIRR_DATABASE_URL", database_url), ("WHIRR_REDIS_URL", redis_url)):
        if value:
            os.environ[name] = value  # the children inherit it; their command lines never show it
    folder = Folder(Path(data_dir).expanduser().absolute())
    chosen = place.settings(folder).port if port is None else port
    # Exactly this port, always: agents elsewhere have been told where the server is.
    wish = Wish(Shape("server", host, chosen, with_agent=False), exact_port=True)
    return _run(folder, wish, detach=detach, open_browser=False)


def _run(folder: Folder, wish: Wish, *, detach: bool, open_browser: bool) -> int:
    if not detach:
        return starting.in_front(folder, wish, open_browser=open_browser)
    running = place.live_server(folder)
    if running:
        output.chat(f"already running (process {running.get('pid')})")
    starting.greet(folder, running or starting.detached(folder, wish), open_browser=open_browser)
    return failures.DONE
