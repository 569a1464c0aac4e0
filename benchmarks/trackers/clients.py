"""Several client processes that begin to send at the same moment."""

import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import IO, Any

from benchmarks.trackers.peers import Broken, Contestant, environment, last_line

Spec = dict[str, Any]
PATIENCE = 60


def send_together(who: Contestant, specs: Sequence[Spec]) -> float:
    """Seconds from the common beginning to the end of the last one. Raises Broken."""
    with ExitStack() as stack:
        everybody = [_Sending(who, spec, stack) for spec in specs]
        for each in everybody:
            each.await_ready()
        began = time.perf_counter()
        for each in everybody:
            each.tell("go")
        for each in everybody:
            each.await_end()
        return time.perf_counter() - began


class _Sending:
    """One client. What it is to send goes through its standard input: argv is for everybody to see."""

    def __init__(self, who: Contestant, spec: Spec, stack: ExitStack) -> None:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="whirr-bench-")))
        self._errors = folder / "errors"
        with self._errors.open("w") as errors:
            self._process = subprocess.Popen(
                who.argv("send"),
                cwd=folder,
                env=environment(folder, who.settings),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        stack.callback(self._end)
        self.tell(json.dumps(spec))

    def tell(self, line: str) -> None:
        pipe = _there(self._process.stdin)
        pipe.write(line + "\n")
        pipe.flush()

    def await_ready(self) -> None:
        for line in _there(self._process.stdout):
            if line.strip() == "ready":
                return
        raise Broken(self._complaint())

    def await_end(self) -> None:
        _there(self._process.stdout).read()
        if self._process.wait(timeout=PATIENCE):
            raise Broken(self._complaint())

    def _complaint(self) -> str:
        return last_line(self._errors.read_text()) or "a client ended"

    def _end(self) -> None:
        self._process.kill()
        self._process.communicate()


def _there(pipe: IO[str] | None) -> IO[str]:
    assert pipe is not None
    return pipe
