"""The embedded stack as a person starts it: one command, and nothing of it survives its parent."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.e2e.programs import ROOT, processes_with, wait_for
from tests.support.ports import free_port

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")


class Stack:
    """`whirr` in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = str(free_port())

    def whirr(self, *arguments: str, within: float = 60) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "whirr.cli.main", *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=within,
            check=False,
        )

    def up(self) -> None:
        started = self.whirr("up", "--detach", "--port", self.port)
        assert started.returncode == 0, started.stderr

    def parent(self) -> psutil.Process:
        told = json.loads((self.folder / ".whirr" / "server.json").read_text())
        return psutil.Process(told["pid"])

    def command_lines(self) -> dict[int, list[str]]:
        """Of each process of the stack, by its id."""
        parent = self.parent()
        found = {}
        for each in [parent, *parent.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):  # some live for a moment only
                found[each.pid] = each.cmdline()
        return found

    def status_of(self, job_id: str) -> dict[str, Any]:
        shown = self.whirr("status", job_id, "--json")
        return dict(json.loads(shown.stdout)) if shown.returncode == 0 else {}


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    stack = Stack(tmp_path)
    yield stack
    stack.whirr("down")
    assert processes_with(str(tmp_path)) == []


def submit(stack: Stack, marker: str, *arguments: str) -> str:
    submitted = stack.whirr("submit", "--json", "--", sys.executable, TRAINER, marker, *arguments)
    assert submitted.returncode == 0, submitted.stderr
    return str(json.loads(submitted.stdout)["job_id"])


def test_killing_the_parent_with_kill_9_ends_every_process_and_the_job_is_run_again(
    stack: Stack,
) -> None:
    stack.up()
    job_id = submit(stack, "parent-killed", "60", "--child")
    wait_for(lambda: len(processes_with("parent-killed")) >= 2, within=20, what="a running job")
    parent = stack.parent()
    family = [parent, *parent.children(recursive=True)]
    assert len(family) >= 5

    parent.kill()

    wait_for(
        lambda: (
            not [each for each in family if each.is_running()]
            and not processes_with("parent-killed")
        ),
        within=30,
        what=lambda: f"all gone; left: {[each for each in family if each.is_running()]}",
    )
    stack.up()
    job = wait_for(
        lambda: (found := stack.status_of(job_id)).get("status") == "completed" and found,
        within=60,
        what=lambda: f"completed: {stack.status_of(job_id)}",
        every=0.5,
    )
    assert job["attempt"] == 2


def test_the_web_process_comes_back_by_itself_while_a_job_runs(stack: Stack) -> None:
    stack.up()
    job_id = submit(stack, "web-killed", "200")
    wait_for(lambda: processes_with("web-killed"), within=20, what="a running job")
    [web] = [pid for pid, words in stack.command_lines().items() if "whirr_site.web" in words]

    os.kill(web, signal.SIGKILL)

    waited = stack.whirr("wait", job_id, within=90)
    assert waited.returncode == 0, waited.stderr
    assert stack.status_of(job_id)["attempt"] == 1
    lines = stack.whirr("logs", job_id).stdout.splitlines()
    assert [line for line in lines if line.startswith("line ")][-1] == "line 199 of web-killed"


def test_down_leaves_no_process_behind(stack: Stack) -> None:
    stack.up()
    submit(stack, "downed", "0", "--child")
    wait_for(lambda: len(processes_with("downed")) >= 2, within=20, what="a running job")
    parent = stack.parent()
    family = [parent, *parent.children(recursive=True)]

    stopped = stack.whirr("down")

    assert stopped.returncode == 0, stopped.stderr
    wait_for(
        lambda: not [each for each in family if each.is_running()] and not processes_with("downed"),
        within=30,
        what="all gone",
    )


def test_nobody_else_can_read_the_secrets(stack: Stack) -> None:
    stack.up()
    data = stack.folder / ".whirr"
    assert data.stat().st_mode & 0o077 == 0
    for name in ("secret", "secret-key"):
        assert (data / name).stat().st_mode & 0o777 == 0o600
    secret = (data / "secret").read_text().strip()
    spoken = [word for words in stack.command_lines().values() for word in words]
    assert len(spoken) > 4
    assert not any(secret in word for word in spoken)
    logs = "".join(path.read_text(errors="replace") for path in (data / "logs").iterdir())
    assert secret not in logs
