"""The few things that only the Linux kernel can promise."""

from __future__ import annotations

import ctypes
import os
import signal
import time
from pathlib import Path
from typing import Callable

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_LIBC = ctypes.CDLL(None, use_errno=True)


def become_subreaper() -> None:
    """Orphans of our jobs come to us instead of to init, so that none of them gets away."""
    if _LIBC.prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))


def dies_with(parent: int) -> Callable[[], None]:
    """What a child calls before it becomes the job: the kernel kills it when `parent` is gone.

    Strictly it dies with the *thread* that started it: jobs are started by the main thread alone.
    """

    def promise() -> None:
        _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
        if os.getppid() != parent:  # it died before the promise was made
            os.kill(os.getpid(), signal.SIGKILL)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGQUIT):
            signal.signal(number, signal.SIG_DFL)  # nohup and `&` leave them ignored

    return promise


def boot_id() -> str:
    """Names this boot: a process id of another boot means nothing."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return ""


def now() -> float:
    """Seconds on the clock that goes on while the machine sleeps, as a lease does."""
    return time.clock_gettime(time.CLOCK_BOOTTIME)
