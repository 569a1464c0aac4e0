"""The side of one library: run by the Python of its environment, as `side.py LIBRARY TASK ...`; the last line is JSON.

log CALLS [FILL]    two values and a step, each call timed; FILL is a file that takes all room before the first call
empty               init and finish
stored              how many points can be read back
send                to a server; what and where stands in a line of JSON on the standard input. It says "ready", and
                    begins when it is given another line.
"""

import errno
import importlib
import json
import resource
import statistics
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

# Last: where a library is called like something of ours, it is the installed one that counts.
sys.path.pop(0)
sys.path.append(str(Path(__file__).resolve().parents[2]))

from benchmarks.measuring import percentile

Facts = dict[str, Any]
LIMITED = "limit"  # instead of a file to fill: no file of this process may grow


def log(library: str, calls: str, fill: str = "") -> Facts:
    """Seconds, and MiB at the peak."""
    uses = importlib.import_module(library)
    began = time.perf_counter()
    log, finish = uses.begin()
    ready = time.perf_counter()
    take_all_room(fill)
    number, clock = int(calls), time.perf_counter
    times = []
    first = clock()
    for step in range(number):
        values = {"loss": 1.0 / (step + 1), "accuracy": step / number}
        before = clock()
        log(values, step=step)
        times.append(clock() - before)
    logged = clock()
    finish()
    ended = clock()
    return {
        "init": ready - began,
        "median": statistics.median(times),
        "p99": percentile(times, 99),
        "worst": max(times),
        "finish": ended - logged,
        "durable": ended - first,
        "peak_MiB": peak_of(Path("/proc/self/status").read_text()),
        "calls": number,
    }


def take_all_room(fill: str) -> None:
    """Of a small file system, or of this process alone."""
    if fill == LIMITED:
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))
    elif fill:
        with Path(fill).open("wb", buffering=0) as file, suppress(OSError):
            while file.write(bytes(4096)) == 4096:
                pass
        with Path(fill).open("ab", buffering=0) as file:
            try:
                file.write(bytes(4096))
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
            else:
                raise RuntimeError(f"the file system of {fill} is not full")


def empty(library: str) -> Facts:
    """Seconds of init, and of init and finish."""
    uses = importlib.import_module(library)
    began = time.perf_counter()
    _, finish = uses.begin()
    ready = time.perf_counter()
    finish()
    return {"init": ready - began, "whole": time.perf_counter() - began}


def stored(library: str) -> Facts:
    return {"points": importlib.import_module(library).stored()}


def send(library: str) -> Facts:
    """Seconds that this client took."""
    work = importlib.import_module(library).sender(json.loads(sys.stdin.readline()))
    print("\nready", flush=True)
    sys.stdin.readline()
    began = time.perf_counter()
    work()
    return {"seconds": time.perf_counter() - began}


def peak_of(status: str) -> float:
    """MiB of resident memory at the peak: ru_maxrss would count what the parent had before exec."""
    lines = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(next(lines).split()[1]) / 1024


TASKS: dict[str, Callable[..., Facts]] = {
    "log": log,
    "empty": empty,
    "stored": stored,
    "send": send,
}


def main() -> None:
    library, task, *words = sys.argv[1:]
    facts = TASKS[task](f"benchmarks.trackers.libraries.{library}", *words)
    print("\n" + json.dumps(facts), flush=True)


if __name__ == "__main__":
    main()
