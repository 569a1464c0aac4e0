"""Starting and greeting a stack: what `up`, `server`, `demo` and the others share."""

from __future__ import annotations

import contextlib
import os
from typing import Any

from whirr.cli import failures, output, place
from whirr.stack import detached as background
from whirr.stack import link, lock, ports, running
from whirr.stack.folder import Folder
from whirr.stack.roster import Shape
from whirr.stack.running import Wish

LOOPBACK = "127.0.0.1"


def embedded_wish(
    folder: Folder,
    *,
    host: str = LOOPBACK,
    port: int | None = None,
    with_agent: bool = True,
    slots: int = 1,
) -> Wish:
    """An embedded stack on the port that was asked for, or near the project's own."""
    chosen = place.settings(folder).port if port is None else port
    return Wish(Shape("embedded", host, chosen, with_agent, slots), exact_port=port is not None)


def detached(folder: Folder, wish: Wish, *, die_with_caller: bool = False) -> dict[str, Any]:
    """Start the stack in the background and wait until it answers."""
    os.environ.pop("WHIRR_DEBUG", None)  # it asks for this program's traceback, not for Django's
    try:
        server = background.start(folder, wish, die_with_caller=die_with_caller)
    except background.StartFailed as error:
        for line in error.said[:-1]:
            output.chat(f"  {line}")
        code = failures.USAGE if error.code == failures.USAGE else failures.FAILED
        raise failures.Failure(
            f"the stack did not start: {error}", f"its logs are in {folder.logs}", code
        ) from error
    except OSError as error:
        raise unusable(folder, error) from error
    if server.get("port") != wish.shape.port:
        output.chat(
            f"port {wish.shape.port} is taken by another program; using {server.get('port')}"
        )
    return server


def in_front(folder: Folder, wish: Wish, *, open_browser: bool) -> int:
    """Run the stack in this process until Ctrl-C; returns its exit code."""

    def ready(server: dict[str, Any]) -> None:
        with contextlib.suppress(OSError):  # nobody reads it: that is no reason to end
            output.chat(f"whirr is ready; Ctrl-C stops it. Logs: {folder.logs}")
            greet(folder, server, open_browser=open_browser)

    try:
        return running.run(folder, wish, say=output.chat, on_ready=ready)
    except lock.Held as held:
        raise failures.Failure(
            f"a stack already runs on {folder.path} (process {held.pid})",
            "`whirr dashboard` prints its link, `whirr down` stops it",
        ) from held
    except ports.PortTaken as taken:
        raise failures.Failure(
            str(taken), "choose another with --port, or leave --port away to get a free one"
        ) from taken
    except OSError as error:
        raise unusable(folder, error) from error


def greet(folder: Folder, server: dict[str, Any], *, open_browser: bool) -> None:
    """Print the link that lets a person in, and open it where there is a browser."""
    if server.get("mode") == "server" and not output.on_terminal():  # most likely a log
        output.data(f"{server['url']}/")
        output.chat(
            f"whoever may read {folder.secret_file} gets in: `whirr dashboard -d {folder.path}`"
        )
        return
    address = link.link(folder, server)
    output.data(address)
    if open_browser and not link.open_in_browser(folder, address) and link.has_display():
        output.chat("no browser could be opened; open the link yourself")


def unusable(folder: Folder, error: OSError) -> failures.Failure:
    """A data folder that cannot be made or written."""
    reason = error.strerror or str(error)
    return failures.Failure(
        f"cannot use the folder {folder.path}: {reason}", "choose one that you may write to"
    )
