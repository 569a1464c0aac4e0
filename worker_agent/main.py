"""The command `whirr-worker`: reads its options, and hands them to the process that it becomes."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from worker_agent import codes, kernel, launch, options, packing


def main(argv: Sequence[str] | None = None) -> int:
    """Returns only where this process cannot be started anew; its exit code."""
    try:
        return _main(argv)
    except Exception as error:
        sys.stderr.write(f"whirr-worker: cannot start: {codes.told(error)}\n")
        return codes.PASSING


def _main(argv: Sequence[str] | None) -> int:
    settings = options.read(argv)
    if not sys.platform.startswith("linux"):
        text = "the agent needs Linux: it relies on the kernel to leave no process behind"
        sys.stderr.write(f"whirr-worker: {text}\n")
        return codes.USAGE
    kernel.become_subreaper()
    try:
        launch.resident(settings, packing.pack())
    except OSError:  # a Python without a program of its own: then it stays as large as it is
        from worker_agent import resident  # noqa: PLC0415  (hardly ever needed here)

        return resident.work(settings)
