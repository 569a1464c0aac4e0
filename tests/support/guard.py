"""Keeps one server for the tests, and ends it with them, also when they are killed with -9.

Started as `python guard.py SPEC` with a JSON text: `folder` (removed in the end), `owner` (a user
name or null), `commands` (the last one is the server, the others prepare), `stop` (a signal).
The caller holds the other end of standard input: when it closes, for whatever reason, all is over.
"""

import ctypes
import json
import os
import pwd
import select
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from typing import Any

PR_SET_PDEATHSIG = 1


def dies_with_its_parent(stop: int) -> Callable[[], None]:
    libc = ctypes.CDLL(None)  # loaded before the fork: afterwards only the call itself is safe

    def ask_the_kernel() -> None:
        libc.prctl(PR_SET_PDEATHSIG, stop)

    return ask_the_kernel


def as_user(name: str | None) -> dict[str, Any]:
    if name is None:
        return {}
    user = pwd.getpwnam(name)
    return {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}


def wanted() -> bool:
    """False as soon as the other end of standard input is closed."""
    readable, _, _ = select.select([sys.stdin.buffer], [], [], 0.2)
    return not readable


def guard(spec: dict[str, Any]) -> None:
    run: dict[str, Any] = {
        "stdin": subprocess.DEVNULL,
        "cwd": spec["folder"],
        "env": {"PATH": os.environ["PATH"], "LC_ALL": "C.UTF-8"},
        "preexec_fn": dies_with_its_parent(spec["stop"]),
        **as_user(spec["owner"]),
    }
    *preparations, server_command = spec["commands"]
    for command in preparations:
        subprocess.run(command, check=True, **run)
    with subprocess.Popen(server_command, **run) as server:
        while wanted() and server.poll() is None:
            pass
        server.send_signal(spec["stop"])


if __name__ == "__main__":
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for pytest, which then closes the pipe
    specification = json.loads(sys.argv[1])
    try:
        guard(specification)
    finally:
        shutil.rmtree(specification["folder"], ignore_errors=True)
