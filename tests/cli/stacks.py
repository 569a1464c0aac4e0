"""A whole stack with stand-in children, for tests."""

import contextlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]

from tests.cli.command import Whirr, wait_for
from tests.support.ports import free_port

STAND_IN = Path(__file__).with_name("stand_in.py")


class Stack(Whirr):
    """`whirr` with stand-in children, on a port that is free."""

    def __init__(self, cwd: Path) -> None:
        super().__init__(cwd, [sys.executable, str(STAND_IN), "cli"])
        self.data = cwd / ".whirr"
        self.port = free_port()

    def up(self, *args: str, **env: str) -> subprocess.Popen[str]:
        """`whirr up` in front, ready."""
        process = self.start("up", "--port", str(self.port), *args, **env)
        wait_for(lambda: self.facts() or process.poll() is not None, "the stack is ready")
        assert process.poll() is None, process.communicate()
        wait_for(lambda: len(self.children(process.pid)) >= 4, "all are started")
        return process

    def facts(self) -> dict[str, Any]:
        try:
            found = json.loads((self.data / "server.json").read_text())
        except OSError:
            return {}
        return found if isinstance(found, dict) else {}

    @staticmethod
    def children(pid: int) -> list[int]:
        return [child.pid for child in psutil.Process(pid).children()]

    def log(self, name: str) -> str:
        path = self.data / "logs" / f"{name}.log"
        return path.read_text() if path.exists() else ""


def web_pid(stack: Stack) -> int:
    """The process that listens."""
    parent = stack.facts()["pid"]
    for child in psutil.Process(parent).children():
        with contextlib.suppress(psutil.Error):  # it ends at this very moment
            if "fake_web.py" in " ".join(child.cmdline()):
                return int(child.pid)
    return 0


def another_web(stack: Stack, gone: int) -> bool:
    return web_pid(stack) not in (0, gone)
