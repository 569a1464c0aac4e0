"""Starting a job's process, or saying in plain words why it could not be started."""

from __future__ import annotations

import errno
import os

from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import children, kernel

if TYPE_CHECKING:
    from typing import Callable

    from worker_agent.cgroup import Cgroup
    from worker_agent.children import Child
    from worker_agent.order import Order


_AT_ONCE = 0.2  # almost all have begun by then, or cannot; for the others nobody waits


class NeverStarted(Exception):
    """The command could not be executed; the message is for the person who submitted it."""


def prepare(order: Order, data_dir: str) -> str:
    """Make the attempt's folder and the checkpoints', and let the run's folder show the attempt."""
    folder = f"{data_dir}/{layout.attempt_path(order.run_id, order.attempt)}"
    files.make_folder(f"{folder}/{layout.ARTIFACTS}")
    files.make_folder(layout.checkpoints_of(folder))
    config = f"{folder}/config.json"
    if order.config and not files.exists(config):
        files.write_whole(config, jsontext.pretty(order.config).encode())
    layout.show_newest(f"{data_dir}/{layout.run_path(order.run_id)}", order.attempt)
    return folder


def start(order: Order, folder: str, env: dict[str, str], cgroup: Cgroup | None = None) -> Child:
    """The job in a session of its own, writing straight into output.log. Main thread only.

    It may not have become its program yet: see `Child.begun`.
    """
    _check(order)
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    output = os.open(f"{folder}/{layout.OUTPUT}", flags, 0o644)
    entrance = _entrance(cgroup)
    try:
        child = children.begin(
            order.command,
            workdir=order.workdir,
            env=env,
            output=output,
            promise=_entering(entrance, kernel.dies_with(os.getpid())),
        )
        child.begun(_AT_ONCE)
        return child
    except (OSError, ValueError) as error:
        raise NeverStarted(explain(order, error)) from error
    finally:
        os.close(output)
        if entrance is not None:
            os.close(entrance)


def _entrance(cgroup: Cgroup | None) -> int | None:
    with suppress(OSError):  # without it the job is watched as where there are no cgroups
        return None if cgroup is None else cgroup.open()
    return None


def _entering(entrance: int | None, promise: Callable[[], None]) -> Callable[[], None]:
    """What the child does before it becomes the job: enter its cgroup, then promise."""
    if entrance is None:
        return promise

    def both() -> None:
        with suppress(OSError):
            os.write(entrance, b"0")
        promise()

    return both


def _check(order: Order) -> None:
    if not order.command:
        raise NeverStarted("the job has no command")
    if not order.workdir.startswith("/"):
        raise NeverStarted(f"the working directory {order.workdir!r} is no absolute path")


def explain(order: Order, error: OSError | ValueError) -> str:
    """Why it could not be started, for the person who submitted it."""
    command, host = order.command[0], os.uname().nodename
    if isinstance(error, ValueError):
        return f"the command or its environment cannot be passed on: {error}"
    if error.filename is not None:
        return _explain_folder(order.workdir, host, error)
    if error.errno == errno.ENOENT:
        return f"{command!r} was not found on {host} (or the interpreter in its first line)"
    if error.errno == errno.EACCES:
        return f"{command!r} (or the working directory) may not be used on {host}: no permission"
    if error.errno == errno.ENOEXEC:
        return f"{command!r} is no program: does it lack a first line like #!/bin/sh?"
    return f"{command!r} could not be started on {host}: {error.strerror or error}"


def _explain_folder(workdir: str, host: str, error: OSError) -> str:
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return f"the working directory {workdir} does not exist on {host}"
    if error.errno == errno.EACCES:
        return f"the working directory {workdir} may not be used on {host}: no permission"
    return f"the working directory {workdir} cannot be used on {host}: {error.strerror or error}"
