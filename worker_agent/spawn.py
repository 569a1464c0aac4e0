"""Starting a job's process, or saying in plain words why it could not be started."""

from __future__ import annotations

import errno
import json
import os
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path

from whirr.wire import layout
from whirr.wire.files import write_whole
from worker_agent import kernel
from worker_agent.order import Order


class NeverStarted(Exception):
    """The command could not be executed; the message is for the person who submitted it."""


def prepare(order: Order, data_dir: Path) -> Path:
    """Make the attempt's folder, and let the run's folder show it."""
    folder = layout.attempt_folder(data_dir, order.run_id, order.attempt)
    (folder / layout.ARTIFACTS).mkdir(parents=True, exist_ok=True)
    config = folder / "config.json"
    if order.config and not config.exists():
        write_whole(config, json.dumps(order.config, indent=2).encode())
    layout.show_newest(layout.run_folder(data_dir, order.run_id), order.attempt)
    return folder


def start(order: Order, folder: Path, env: dict[str, str]) -> subprocess.Popen[bytes]:
    """The job in a session of its own, writing straight into output.log. Main thread only."""
    _check(order)
    promise = kernel.dies_with(os.getpid())
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    output = os.open(folder / layout.OUTPUT, flags, 0o644)
    try:
        return _popen(order, env, output, promise)
    except (OSError, ValueError) as error:
        raise NeverStarted(_explain(order, error)) from error
    finally:
        os.close(output)


def _popen(
    order: Order, env: dict[str, str], output: int, promise: Callable[[], None]
) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        order.command,
        cwd=order.workdir,
        env=env,
        stdin=subprocess.DEVNULL,
        stdout=output,
        stderr=output,
        start_new_session=True,
        preexec_fn=promise,
    )


def _check(order: Order) -> None:
    if not order.command:
        raise NeverStarted("the job has no command")
    workdir = Path(order.workdir)
    if not workdir.is_absolute():
        raise NeverStarted(f"the working directory {order.workdir!r} is no absolute path")
    if not workdir.is_dir():
        raise NeverStarted(
            f"the working directory {order.workdir} does not exist on {socket.gethostname()}"
        )


def _explain(order: Order, error: OSError | ValueError) -> str:
    command, host = order.command[0], socket.gethostname()
    if isinstance(error, ValueError):
        return f"the command or its environment cannot be passed on: {error}"
    if error.errno == errno.ENOENT:
        return f"{command!r} was not found on {host} (or the interpreter in its first line)"
    if error.errno == errno.EACCES:
        return f"{command!r} (or the working directory) may not be used on {host}: no permission"
    if error.errno == errno.ENOEXEC:
        return f"{command!r} is no program: does it lack a first line like #!/bin/sh?"
    return f"{command!r} could not be started on {host}: {error.strerror or error}"
