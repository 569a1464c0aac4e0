"""The stack in the background: started in its own session, awaited, stopped on request."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import time
from typing import Any

from whirr.stack import lock
from whirr.stack.child import deathsig, open_log
from whirr.stack.folder import Folder
from whirr.stack.roster import environment, python
from whirr.stack.running import Wish

_STAMP = re.compile(r"^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d ")  # what __main__ puts before each line
START_SECONDS = 120.0
STOP_SECONDS = 30.0


class StartFailed(Exception):
    """The stack ended before it was healthy. `said` is what it wrote."""

    def __init__(self, code: int, said: list[str]) -> None:
        super().__init__(said[-1] if said else f"it ended with exit code {code}")
        self.code = code
        self.said = said


def start(folder: Folder, wish: Wish, *, die_with_caller: bool = False) -> dict[str, Any]:
    """Start the folder's stack; once it is healthy, return what server.json says.

    Raises StartFailed.
    """
    folder.make()
    log = folder.logs / "stack.log"
    with open_log(log) as output:
        begin = output.tell()
        process = subprocess.Popen(
            _argv(folder, wish),
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=deathsig(signal.SIGTERM) if die_with_caller else None,
        )
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        server = folder.server()
        if server is not None and lock.holder(folder.lock_file) == server.get("pid"):
            return server
        code = process.poll()
        # If the lock is held nevertheless, somebody started another one just now: wait for that.
        if code is not None and not lock.is_held(folder.lock_file):
            raise StartFailed(code, _said(log.read_bytes()[begin:]))
        time.sleep(0.05)
    raise StartFailed(1, [f"not healthy after {START_SECONDS:g} s; see {folder.logs}/web.log"])


def stop(folder: Folder) -> bool:
    """Stop the folder's stack and wait until nothing of it is left. False if none was running.

    Raises TimeoutError when it does not end.
    """
    if not lock.is_held(folder.lock_file):
        return False
    told = None
    deadline = time.monotonic() + STOP_SECONDS
    while lock.is_held(folder.lock_file):
        pid = lock.holder(folder.lock_file)
        if pid is not None and pid != told:  # a second one, if somebody starts a stack right now
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
            told = pid
        if time.monotonic() > deadline:
            raise TimeoutError(f"the stack (process {pid}) did not end within {STOP_SECONDS:g} s")
        time.sleep(0.05)
    return True


def _argv(folder: Folder, wish: Wish) -> list[str]:
    shape = wish.shape
    argv = [*python("whirr.stack"), "--data-dir", str(folder.path), "--mode", shape.mode]
    argv += ["--host", shape.host, "--port", str(shape.port), "--slots", str(shape.slots)]
    if wish.exact_port:
        argv.append("--exact-port")
    if not shape.with_agent:
        argv.append("--no-agent")
    return argv


def _said(output: bytes) -> list[str]:
    lines = (_STAMP.sub("", line) for line in output.decode("utf-8", "replace").splitlines())
    return [line for line in lines if line.strip()][-12:]
