"""Agents as people start them: our one file with Debian's Python, our installed package, and whirr 0.5.3's worker."""

import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks import serving
from benchmarks.measuring import ROOT
from benchmarks.serving import Stack
from tests.support import whirr_0_5_3
from whirr.stack.child import deathsig
from whirr.stack.roster import python

GPUS = 8
# Answers as nvidia-smi does for eight idle GPUs: there is none here. Nothing else is pretended.
NVIDIA_SMI = """#!/bin/sh
case "$1" in --query-gpu=*) ;; *) exit 0 ;; esac
for index in 0 1 2 3 4 5 6 7; do
  line=""
  for field in $(echo "${1#--query-gpu=}" | tr , ' '); do
    case $field in
      index) value=$index ;;
      name) value="NVIDIA H100 80GB HBM3" ;;
      uuid) value="GPU-00000000-0000-0000-0000-00000000000$index" ;;
      memory.total) value=81559 ;;
      memory.used | utilization.gpu) value=0 ;;
      temperature.gpu) value=30 ;;
      power.draw) value=61.2 ;;
      driver_version) value=550.54.14 ;;
      *) value="[N/A]" ;;
    esac
    line="$line, $value"
  done
  echo "${line#, }"
done
"""

Process = subprocess.Popen[bytes]


def one_file(folder: Path) -> list[str]:
    """`whirr-worker` as it is downloaded, with the python3 that a node has."""
    archive = folder / "whirr-worker"
    command = [sys.executable, str(ROOT / "scripts" / "build_agent.py"), str(archive)]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    found = shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable
    return [found, "-I", str(archive)]


def installed() -> list[str]:
    """As `whirr up` starts it."""
    return python("worker_agent")


@contextmanager
def ours(stack: Stack, program: list[str], name: str, *options: str) -> Iterator[int]:
    """An agent that does not share the server's disk; its pid."""
    place = ["--server", stack.url, "--data-dir", str(stack.project / name), "--name", name]
    with _running(stack, [*program, *place, *options], name) as pid:
        yield pid


@contextmanager
def theirs(stack: Stack, *options: str) -> Iterator[int]:
    """The worker of whirr 0.5.3, which needs the server's data folder; its pid."""
    place = ["worker", "--server", stack.url, "--data-dir", str(stack.data)]
    name = "whirr-0.5.3" + "".join(options)
    with _running(stack, [whirr_0_5_3.program("whirr"), *place, *options], name) as pid:
        yield pid


@contextmanager
def _running(stack: Stack, command: list[str], name: str) -> Iterator[int]:
    known = workers(stack)
    with (stack.project / f"{name}.log").open("wb") as log:
        process = subprocess.Popen(
            command,
            cwd=stack.project,
            env=serving.environment(PATH=f"{_pretended(stack)}:{os.environ['PATH']}"),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            preexec_fn=deathsig(signal.SIGKILL),
        )
    try:
        serving.until(
            lambda: workers(stack) - known, what=f"{name} is registered", within=30, every=0.005
        )
        yield process.pid
    finally:
        process.terminate()
        process.wait(timeout=60)


def _pretended(stack: Stack) -> Path:
    folder = stack.project / "bin"
    folder.mkdir(exist_ok=True)
    program = folder / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    return folder


def workers(stack: Stack) -> set[tuple[str, ...]]:
    """What changes when one of them registers."""
    found = stack.client().get("/api/v1/workers").json()["workers"]
    return {(each["id"], each["status"], each["heartbeat_at"]) for each in found}
