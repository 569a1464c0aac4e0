"""A small process that outlives a killed supervisor just long enough to kill what it left.

The kernel's parent-death signal reaches a child but not that child's own forks (Celery's beat, for
one). So the supervisor names each child's process group over a pipe; when the pipe closes, each
group that was not reported as gone is killed. It runs as a script (`python -I -S keeper.py`) and
inherits the stack's lock: the folder is free again only when nothing of the old stack runs.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys


def read_groups() -> set[int]:
    """Follow lines like `+123` (a group began) and `-123` (it is gone) until the pipe closes."""
    groups: set[int] = set()
    for line in sys.stdin:
        group = int(line[1:])
        if line[0] == "+":
            groups.add(group)
        else:
            groups.discard(group)
    return groups


def main() -> None:
    """Wait for the supervisor's end, then kill whatever it had not reported as gone."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    for group in read_groups():
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(group, signal.SIGKILL)


if __name__ == "__main__":
    main()
