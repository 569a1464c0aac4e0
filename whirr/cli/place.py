"""Finding the server: flags, then the environment, then the nearest `.whirr/`."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Callable, TypeVar

import click

from whirr.cli import failures, output
from whirr.stack import folder as folders
from whirr.stack import lock, project, running
from whirr.stack.folder import Folder
from whirr.wire import Client

Command = TypeVar("Command", bound=Callable[..., Any])

RESTART_PATIENCE = 30.0
NO_PROJECT = "run `whirr up` in your project's folder, or set WHIRR_SERVER_URL"


@dataclass(frozen=True)
class Place:
    """Where a command works: a server, the token for it, and the project folder if there is one."""

    url: str
    token: str | None
    folder: Folder | None

    def client(self) -> Client:
        """A connection to the server, closed when the command ends."""
        try:
            client = Client(self.url, self.token)
        except ValueError as error:
            raise failures.Failure(
                str(error), "for example http://127.0.0.1:8080", failures.USAGE
            ) from error

        click.get_current_context().call_on_close(client.close)
        return client

    def address(self, path: str) -> str:
        """A page of the server as a whole URL; whole URLs stay as they are."""
        return path if "://" in path else self.url.rstrip("/") + "/" + path.lstrip("/")


def options(command: Command) -> Command:
    """The two flags of every command that talks to a server."""
    server = click.option(
        "--server", "-s", "server_url", metavar="URL", help="Server to talk to [WHIRR_SERVER_URL]."
    )
    data = click.option(
        "--data-dir",
        "-d",
        metavar="DIR",
        help="Data folder, .whirr or a server's [WHIRR_DATA_DIR].",
    )
    return server(data(command))


def find(server_url: str | None, data_dir: str | None, *, with_agent: bool = True) -> Place:
    """The place that flags, environment and folders lead to. Starts a sleeping embedded stack."""
    folder = find_folder(data_dir)
    url = server_url or ("" if data_dir else os.environ.get("WHIRR_SERVER_URL", "").strip())
    token = _token()
    if url:
        return Place(url.rstrip("/"), token or _own_secret(folder, url), folder)
    if folder is None:
        raise failures.Failure("no server is known here", NO_PROJECT, failures.UNREACHABLE)
    server = live_server(folder)
    if server is None:
        server = _wake(folder, with_agent=with_agent)
    else:
        _until_it_answers(str(server["url"]))
    return Place(str(server["url"]), token or folder.secret(), folder)


def find_folder(data_dir: str | None) -> Folder | None:
    """The data folder that was named, or the nearest `.whirr/`."""
    named = data_dir or os.environ.get("WHIRR_DATA_DIR", "").strip()
    if named:
        return Folder(Path(named).expanduser().absolute())
    return folders.find(Path.cwd())


def live_server(folder: Folder) -> dict[str, Any] | None:
    """What a running stack says of itself; None when none runs, or it is not ready yet."""
    server = folder.server()
    return server if server and server.get("pid") == lock.holder(folder.lock_file) else None


def settings(folder: Folder | None) -> project.Project:
    """The project's config.yaml, or the defaults without one."""
    if folder is None:
        return project.Project()
    try:
        return project.read(folder.config)
    except project.BadConfig as error:
        raise failures.Failure(str(error), f"edit {folder.config}", failures.USAGE) from error


def _token() -> str | None:
    token = os.environ.get("WHIRR_TOKEN", "").strip()
    if not (token.isascii() and token.isprintable()):
        raise failures.Failure("WHIRR_TOKEN holds characters that no token has", "", failures.USAGE)
    return token or None


def _own_secret(folder: Folder | None, url: str) -> str | None:
    """The folder's secret, if it is this very server's: a secret never goes to another one."""
    server = live_server(folder) if folder else None
    same = server is not None and str(server["url"]).rstrip("/") == url.rstrip("/")
    return folder.secret() if folder and same else None


def _until_it_answers(url: str) -> None:
    """A stack whose web process has just died brings it back: that is worth a moment's patience."""
    until = time.monotonic() + RESTART_PATIENCE
    said = False
    while not running.is_healthy(url) and time.monotonic() < until:
        if not said:
            output.chat("whirr: the server is starting again; waiting for it")
            said = True
        time.sleep(0.2)


def _wake(folder: Folder, *, with_agent: bool) -> dict[str, Any]:
    """Start the embedded stack of this folder in the background."""
    from whirr.cli import starting

    if not folder.config.is_file():
        raise failures.Failure(f"no server runs on {folder.path}", NO_PROJECT, failures.UNREACHABLE)
    output.chat(
        f"no stack runs on {folder.path}; starting it in the background (stop it with `whirr down`)"
    )
    return starting.detached(folder, starting.embedded_wish(folder, with_agent=with_agent))
