"""The process that stays: its folder and lock, the guard, and then the loop.

What is imported from here is in memory for months. See `whirr/wire/lean.py` for what is not.
"""

from __future__ import annotations

import os
import sys
import time

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress
from worker_agent import cgroup, children, codes, guard, kernel, launch, smi
from worker_agent.agent import Agent
from worker_agent.log import Log
from worker_agent.smi import Gpu
from worker_agent.state import Busy, State, Taken

if TYPE_CHECKING:
    from worker_agent.settings import Settings


_GPU_PATIENCE = 180.0  # a large node's first answer after a boot may take a minute
_GPU_PAUSE = 2.0


class Misused(Exception):
    """Options that do not fit this machine."""


class NoAnswer(Exception):
    """GPUs that are there, or may be, and cannot be asked for."""


def main() -> int:
    """Where `launch.resident` leads to."""
    try:
        return work(launch.received(int(sys.argv[1])))
    except Exception as error:
        return _complain(f"cannot start: {codes.told(error)}")


def work(settings: Settings) -> int:
    """Be the agent; its exit code."""
    kernel.name_process("whirr-worker")
    _keep_files_to_ourselves()
    try:
        state = State(settings.data_dir, settings.name)
    except OSError as error:
        cure = "--data-dir names a folder that this user may write to"
        return _complain(f"cannot use {settings.data_dir}: {error.strerror}; {cure}")
    log = Log(settings.log_level, state.log_path)
    try:
        agent = _begin(settings, state, log)
    except Taken as error:
        log.error(f"another agent called {settings.name} works in {error}: give this one a --name")
        return codes.REFUSED
    except Misused as error:
        log.error(str(error))
        return codes.USAGE
    except (Busy, NoAnswer) as error:
        return _give_up(log, f"cannot start: {error}")
    except Exception as error:
        return _give_up(log, f"cannot start: {codes.told(error)}")
    try:
        return agent.run()
    except Exception as error:
        return _give_up(log, f"cannot go on: {codes.told(error)}")


def _begin(settings: Settings, state: State, log: Log) -> Agent:
    state.lock()
    gpus = serve(settings, log)
    if isinstance(settings.gpus, list) and any(not gpu.uuid for gpu in gpus):
        log.warning("nvidia-smi cannot be asked: trusting --gpu as given")
    if settings.gpus == "all" and len(gpus) < len(smi.installed()):
        log.warning(
            f"nvidia-smi tells of {len(gpus)} GPUs, the driver of {len(smi.installed())}: "
            "the others are not served until they answer and the agent is started anew"
        )
    place = cgroup.settle()
    if place is not None:
        place.clear_up()
        log.info(f"each attempt gets a cgroup in {place.folder}")
    watcher = guard.post(state.records, settings.data_dir, state.lock_fd)
    return Agent(settings, gpus, state, watcher, log, place)


def serve(settings: Settings, log: Log) -> list[Gpu]:
    """The GPUs to hand out. Those that are named must exist, where that can be known."""
    if settings.gpus is None:
        return []
    found = _found(settings, log)
    if not isinstance(settings.gpus, list):  # all
        return _named(found or [], settings)
    known = {gpu.index: gpu for gpu in found or ()}
    missing = [index for index in settings.gpus if index not in known]
    if found is not None and missing:
        have = ", ".join(map(str, known)) or "none"
        if len(known) < len(smi.installed()):
            raise NoAnswer(f"--gpu: GPU {missing[0]} does not answer (nvidia-smi lists: {have})")
        raise Misused(f"--gpu: this machine has no GPU {missing[0]} (it has: {have})")
    served = [known.get(index) or Gpu(index, "", "", 0) for index in settings.gpus]
    return _named(served, settings)


def _found(settings: Settings, log: Log) -> list[Gpu] | None:
    """What nvidia-smi lists, which is waited for where nothing else says what to serve; None where it is not asked."""
    needed = settings.gpus == "all" or settings.gpu_ids == "uuid"
    until, why = time.monotonic() + _GPU_PATIENCE, ""
    while True:
        said, why = why, "nvidia-smi lists no GPU, though the driver knows of some"
        try:
            found = smi.gpus()
            if found or not needed or not smi.installed():
                return found
        except smi.Failed as failed:
            if not needed or (isinstance(failed, smi.Absent) and not smi.installed()):
                return None
            why = str(failed)
        if time.monotonic() >= until:
            raise NoAnswer(f"{why}. Without --gpu this agent would offer CPU slots")
        if not said:
            log.warning(f"{why}; asking nvidia-smi again for {_GPU_PATIENCE / 60:g} minutes")
        time.sleep(_GPU_PAUSE)
        _bury()


def _bury() -> None:
    """An nvidia-smi that hung and has ended, so that another one may be asked. Later the loop does it."""
    for pid in list(children.abandoned):
        if os.waitpid(pid, os.WNOHANG)[0]:
            children.abandoned.discard(pid)


def _named(served: list[Gpu], settings: Settings) -> list[Gpu]:
    nameless = [str(gpu.index) for gpu in served if not gpu.uuid]
    if settings.gpu_ids == "uuid" and nameless:
        raise Misused(f"--gpu-ids uuid: nvidia-smi tells no UUID of GPU {', '.join(nameless)}")
    return served


def _keep_files_to_ourselves() -> None:
    """What we inherited open is no business of a job."""
    for name in files.names_in("/proc/self/fd"):
        if int(name) > 2:
            with suppress(OSError):  # the listing's own
                os.set_inheritable(int(name), False)  # noqa: FBT003


def _complain(text: str) -> int:
    sys.stderr.write(f"whirr-worker: {text}\n")
    return codes.PASSING


def _give_up(log: Log, text: str) -> int:
    log.error(f"{text}; this may pass, so it is worth another start (exit code {codes.PASSING})")
    return codes.PASSING
