"""Starting the agent: options, its folder and lock, the guard, and then the loop."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from worker_agent import guard, hardware, options
from worker_agent.agent import Agent
from worker_agent.hardware import Gpu
from worker_agent.log import Log
from worker_agent.options import Options
from worker_agent.state import State, Taken


def main(argv: Sequence[str] | None = None) -> int:
    """The command `whirr-worker`; its exit code."""
    chosen = options.read(argv)
    if not sys.platform.startswith("linux"):
        return _complain(
            "the agent needs Linux: it relies on the kernel to leave no process behind"
        )
    try:
        gpus = serve(chosen)
        state = State(chosen.data_dir, chosen.name)
    except ValueError as error:
        return _complain(str(error))
    except OSError as error:
        return _complain(f"cannot use {chosen.data_dir}: {error.strerror}")
    log = Log(chosen.log_level, state.log_path)
    try:
        state.lock()
    except Taken as error:
        log.error(f"another agent called {chosen.name} works in {error}: give this one a --name")
        return 1
    if isinstance(chosen.gpus, tuple) and any(not gpu.uuid for gpu in gpus):
        log.warning("nvidia-smi cannot be asked: trusting --gpu as given")
    watcher = guard.post(state.records, chosen.data_dir)
    return Agent(chosen, gpus, state, watcher, log).run()


def serve(chosen: Options) -> list[Gpu]:
    """The GPUs to hand out. Those that are named must exist, where that can be known."""
    if chosen.gpus is None:
        return []
    found = hardware.gpus()
    if chosen.gpus == "all":
        return found or []
    known = {gpu.index: gpu for gpu in found or ()}
    wanted = [index for index in chosen.gpus if isinstance(index, int)]
    missing = [index for index in wanted if index not in known]
    if found is not None and missing:
        have = ", ".join(map(str, known)) or "none"
        raise ValueError(f"--gpu: this machine has no GPU {missing[0]} (it has: {have})")
    return [known.get(index) or Gpu(index, "", "", 0) for index in wanted]


def _complain(text: str) -> int:
    sys.stderr.write(f"whirr-worker: {text}\n")
    return 2
