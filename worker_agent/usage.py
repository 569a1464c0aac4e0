"""What a job uses while it runs, and how its machine fares, as lines of `system.jsonl` in its attempt's folder.

One look at /proc for all jobs, every ten seconds: seldom enough to cost a training nothing, often enough to show
what it waits for. GPUs and the disk are taken from what the watch saw last, and GPUs named only where that is new.
Shared memory counts for each process that maps it (PSS would say better, and costs milliseconds for each gigabyte).
"""

from __future__ import annotations

import os
import time

from whirr.wire import files, jsontext, layout
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any

    from worker_agent.board import Board
    from worker_agent.hardware import Load
    from worker_agent.order import Key, Order
    from worker_agent.trees import Tree

EVERY = 10.0  # seconds
_NEWCOMER = 5.0  # seconds: what is younger says nothing yet
_ANEW = 6  # looks after which every process of the machine is looked at again
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_NAMES = ("cpu_percent", "memory_used_mb", "disk_free_mb")  # of the machine's load


class Process:
    __slots__ = ("memory", "parent", "session", "ticks")

    def __init__(self, fields: list[bytes]) -> None:
        self.parent = int(fields[1])
        self.session = int(fields[3])
        self.ticks = sum(map(int, fields[11:15]))  # its own, and those of children that it buried
        self.memory = int(fields[21]) * _PAGE


class Meter:
    """One job: what it had used at the last look, and its file."""

    def __init__(self, pid: int, path: str, gpus: tuple[int, ...], now: float) -> None:
        self.pid = pid
        self.began = now
        self.gpus = gpus
        self._path = path
        self._at = now
        self._ticks = 0
        self._lines = 0
        self._torn = False
        self._size = 0  # of the file, as we left it
        self._writes = True

    def measure(self, members: list[Process], now: float) -> dict[str, Any]:
        ticks = sum(each.ticks for each in members)
        used = max(0, ticks - self._ticks) / _TICK / max(now - self._at, 0.001)
        self._at, self._ticks = now, ticks
        return {
            "system/cpu_percent": round(100 * used, 1),
            "system/rss_mb": sum(each.memory for each in members) // 2**20,
            "system/processes": len(members),
        }

    def write(self, figures: dict[str, Any]) -> None:
        """A line more. Where the job keeps such a file itself, it is left alone."""
        if not self._writes:
            return
        # To be made by us, and then to be there: never through a link, and never waiting for a pipe's reader.
        new = os.O_CREAT | os.O_EXCL if self._lines == 0 else 0
        try:
            fd = os.open(
                self._path,
                os.O_WRONLY | os.O_APPEND | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | new,
                0o644,
            )
        except OSError:
            self._writes = False
            return
        if os.fstat(fd).st_size != self._size:  # somebody else writes there now
            self._writes = False
            os.close(fd)
            return
        line = {"_idx": self._lines, "_timestamp": _stamp(), **figures}
        data = (b"\n" if self._torn else b"") + jsontext.dumps(line) + b"\n"
        self._lines += 1
        try:
            # Where the disk is full, the next line begins anew.
            written = os.write(fd, data)
            self._size += written
            self._torn = written < len(data)
        except OSError:
            return
        finally:
            os.close(fd)


class Usage:
    def __init__(self, data_dir: str, board: Board, load: Load) -> None:
        self._data_dir = data_dir
        self._board = board
        self._load = load
        self._meters: dict[Key, Meter] = {}
        self._strangers: set[int] = set()  # processes of no job: not looked at each time
        self._looks = 0
        self._due = 0.0
        self._gpus: Any = None  # what the watch had seen at the last look

    def step(self, running: Iterable[tuple[Order, Tree]], now: float) -> float | None:
        """Look, if it is time to. When to look again; None without a job."""
        self._follow(running, now)
        if not self._meters:
            return None
        if now >= self._due:
            self._due = now + EVERY
            if not self._board.disk_low:  # what is left of it is the jobs'
                self._look(now)
        return self._due

    def _follow(self, running: Iterable[tuple[Order, Tree]], now: float) -> None:
        if not self._meters:
            self._due = now + EVERY
        found = {}
        for order, tree in running:
            meter = self._meters.get(order.key)
            if meter is None:
                folder = layout.attempt_path(order.run_id, order.attempt)
                path = f"{self._data_dir}/{folder}/{layout.SYSTEM}"
                meter = Meter(tree.pid, path, order.gpus, now)
            found[order.key] = meter
        self._meters = found

    def _look(self, now: float) -> None:
        members = self._members()
        load = self._load.now()
        machine = {f"system/node/{name}": load[name] for name in _NAMES if name in load}
        fresh = load["gpus"] if load["gpus"] is not self._gpus else []
        self._gpus = load["gpus"]
        for meter in self._meters.values():
            if now - meter.began >= _NEWCOMER:
                figures = meter.measure(members.get(meter.pid, []), now)
                meter.write({**figures, **machine, **_gpu_figures(fresh, meter.gpus)})

    def _members(self) -> dict[int, list[Process]]:
        """Processes by the main one of their job: what is below it or in its session."""
        self._looks += 1
        if self._looks % _ANEW == 1:
            self._strangers.clear()
        pids = {int(name) for name in files.names_in("/proc") if name.isdigit()}
        self._strangers &= pids
        jobs = {meter.pid for meter in self._meters.values()}
        self._strangers -= jobs
        seen = _read(pids - self._strangers)
        found: dict[int, list[Process]] = {}
        for pid, process in seen.items():
            job = _job_of(pid, seen, jobs)
            if job:
                found.setdefault(job, []).append(process)
            else:
                self._strangers.add(pid)
        return found


def _job_of(pid: int, seen: dict[int, Process], jobs: set[int]) -> int:
    """0 where it is none's."""
    for _ in range(1000):  # they were read one after the other: parents need not lead to an end
        process = seen.get(pid)
        if pid in jobs or process is None:
            return pid if pid in jobs else 0
        if process.session in jobs:
            return process.session
        pid = process.parent
    return 0


def _read(pids: Iterable[int]) -> dict[int, Process]:
    found = {}
    for pid in pids:
        with suppress(OSError, ValueError, IndexError):  # it ended just now
            text = files.read(f"/proc/{pid}/stat")
            found[pid] = Process(text[text.rfind(b")") + 2 :].split())
    return found


def _gpu_figures(seen: list[dict[str, Any]], gpus: tuple[int, ...]) -> dict[str, Any]:
    return {
        f"system/gpu{gpu['index']}/{name}": value
        for gpu in seen
        if gpu["index"] in gpus
        for name, value in gpu.items()
        if name != "index" and isinstance(value, (int, float))
    }


def _stamp() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now % 1 * 1e6):06d}Z"
