"""The few things that only the Linux kernel can promise."""

from __future__ import annotations

import os
import time

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, signal

if TYPE_CHECKING:
    from typing import Any, Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36


def become_subreaper() -> None:
    """Orphans of our jobs come to us instead of to init, so that none of them gets away.

    The kernel keeps this when the process executes another program.
    """
    if _prctl()(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        raise OSError("this kernel has no subreapers: the agent needs Linux 3.4 or newer")


def dies_with(parent: int) -> Callable[[], None]:
    """What a child calls before it becomes the job: the kernel kills it when `parent` is gone.

    Strictly it dies with the *thread* that started it: jobs are started by the main thread alone.
    """
    prctl = _prctl()  # found here: a child that was just forked should not import anything

    def promise() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the promise was made
            os.kill(os.getpid(), signal.SIGKILL)

    return promise


def _prctl() -> Callable[..., int]:
    """The C function, loaded on first use: an agent without jobs can do without."""
    try:  # a fifth of what `ctypes` costs, which is built on it
        from _ctypes import call_cdeclfunction, dlopen, dlsym  # noqa: PLC0415
    except ImportError:
        import ctypes  # noqa: PLC0415

        whole: Callable[..., int] = ctypes.CDLL(None).prctl
        return whole
    ourselves: Any = None  # to the linker: this process, and the C library in it
    address = dlsym(dlopen(ourselves, 0), "prctl")
    return lambda *numbers: int(call_cdeclfunction(address, numbers))


def boot_id() -> str:
    """Names this boot: a process id of another boot means nothing."""
    try:
        return files.read_text("/proc/sys/kernel/random/boot_id").strip()
    except OSError:
        return ""


def name_process(name: str) -> None:
    """What `top` and `pgrep` call it, instead of python3."""
    try:
        fd = os.open("/proc/self/comm", os.O_WRONLY)
    except OSError:
        return
    os.write(fd, name.encode())
    os.close(fd)


def now() -> float:
    """Seconds on the clock that goes on while the machine sleeps, as a lease does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
