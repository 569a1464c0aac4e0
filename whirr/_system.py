"""What a direct run uses, as lines of system.jsonl under the names that an agent gives them (worker_agent/usage.py).

A thread looks at /proc every ten seconds, at this process and what it started only: a node's thousands of others would
cost a training milliseconds. nvidia-smi is never waited for: its answer is read at the next look.
"""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from whirr._stream import LineFile, open_lines
from whirr._writers import lock
from whirr.wire import jsontext, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    import subprocess
    from collections.abc import Callable
    from typing import IO, Any

    Complain = Callable[[str, Exception | str], None]

_SHORTEST = 0.1
_AFTER = 0.2  # seconds: until then `whirr.init` has returned
_TICK = os.sysconf("SC_CLK_TCK")
_PAGE = os.sysconf("SC_PAGE_SIZE")
_MOST = 4096  # processes of a tree that are looked at
_HUNG = 60.0  # seconds after which nvidia-smi is given up
_DYING = 0.5  # seconds that it has to end when it is killed
_FIELDS = ("utilization", "memory_used_mb", "temperature_c", "power_w")
_QUERY = "--query-gpu=index,uuid,utilization.gpu,memory.used,temperature.gpu,power.draw"


_hanging: list[subprocess.Popen[bytes]] = []  # never collected: that would be a warning


class Watch:
    """Begun by `start`; `stop` takes a last look."""

    def __init__(self, folder: Path, lines: LineFile, every: float, complain: Complain) -> None:
        self._lines = lines
        self._folder = folder
        self._every = max(every, _SHORTEST)
        self._complain = complain
        self._end = threading.Event()
        self._gpus = Gpus(complain)
        self._at = time.monotonic()
        self._ticks = _usage_of_tree(os.getpid())[0]
        self._node = _node_ticks()
        self._thread = threading.Thread(target=self._work, name="whirr-system", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._end.set()
        self._thread.join(2.0)
        self._gpus.close()
        self._lines.close()

    def abandon(self) -> None:
        """In a forked child, which has no such thread."""
        self._lines.abandon()

    def _work(self) -> None:
        self._end.wait(min(_AFTER, self._every))
        self._gpus.ask()
        while not self._end.wait(self._every):
            self._look()
            self._gpus.ask()
        if time.monotonic() - self._at >= 1.0:
            self._look()

    def _look(self) -> None:
        try:
            figures = {**self._own(), **self._machine(), **self._gpus.answer()}
            self._lines.append("," + jsontext.dumps(figures)[1:-1].decode())
        except Exception as error:
            self._complain("system metrics", error)

    def _own(self) -> dict[str, Any]:
        now = time.monotonic()
        ticks, memory, count = _usage_of_tree(os.getpid())
        used = max(0, ticks - self._ticks) / _TICK / max(now - self._at, 0.001)
        self._at, self._ticks = now, ticks
        return {
            "system/cpu_percent": round(100 * used, 1),
            "system/rss_mb": memory // 2**20,
            "system/processes": count,
        }

    def _machine(self) -> dict[str, Any]:
        busy, total = _node_ticks()
        passed = total - self._node[1]
        percent = round(100 * (busy - self._node[0]) / passed, 1) if passed else 0.0
        self._node = (busy, total)
        disk = os.statvfs(self._folder)
        return {
            "system/node/cpu_percent": percent,
            "system/node/memory_used_mb": _node_memory() // 1024,
            "system/node/disk_free_mb": disk.f_bavail * disk.f_frsize // 2**20,
        }


def start(folder: Path, every: float, complain: Complain) -> Watch | None:
    """None where the machine has no /proc, or another process of the run measures already. Raises OSError."""
    if not Path("/proc/self/stat").exists():
        return None
    path = folder / layout.SYSTEM
    fd = open_lines(path)
    if not lock(fd):
        os.close(fd)
        return None
    return Watch(folder, LineFile(path, fd), every, complain)


class Gpus:
    """nvidia-smi: asked at one look, read at the next."""

    def __init__(self, complain: Complain) -> None:
        self._complain = complain
        self._usable = True
        self._process: subprocess.Popen[bytes] | None = None
        self._answer: IO[bytes] | None = None
        self._asked = 0.0

    def ask(self) -> None:
        """Start it, unless it runs still, is not there, or gave no answer before."""
        if not self._usable or self._process is not None:
            return
        program = _nvidia_smi()
        self._usable = program is not None
        if program is None:
            return
        import subprocess  # noqa: PLC0415  (in the background, and where there are GPUs)
        import tempfile  # noqa: PLC0415

        try:
            # A file and no pipe: what nobody reads yet must not stop it from ending.
            self._answer = tempfile.TemporaryFile()  # noqa: SIM115  (it stays open until the next look)
            self._process = subprocess.Popen(
                [program, _QUERY, "--format=csv,noheader,nounits"],
                stdin=subprocess.DEVNULL,
                stdout=self._answer,
                stderr=subprocess.DEVNULL,
            )
        except OSError as error:
            self._give_up(error)
        self._asked = time.monotonic()

    def answer(self) -> dict[str, Any]:
        """The figures of this program's GPUs; none while it has not answered."""
        if self._process is None or self._answer is None:
            return {}
        code = self._process.poll()
        if code is None:
            if time.monotonic() - self._asked > _HUNG:
                self._give_up(f"nvidia-smi did not answer for {_HUNG:g} s")
            return {}
        self._answer.seek(0)
        text = self._answer.read(2**20).decode("utf-8", "replace")
        self._forget()
        if code != 0:
            self._give_up(f"nvidia-smi ended with {code}: GPUs are not measured")
            return {}
        return figures_of(text, os.environ.get("CUDA_VISIBLE_DEVICES"))

    def close(self) -> None:
        """Without waiting for one that hangs in the driver, which no signal ends."""
        if self._process is not None:
            self._process.kill()
            until = time.monotonic() + _DYING
            while self._process.poll() is None:
                if time.monotonic() > until:
                    _hanging.append(self._process)
                    break
                time.sleep(0.005)
        self._forget()

    def _give_up(self, why: Exception | str) -> None:
        self.close()
        self._usable = False
        self._complain("GPUs", why)

    def _forget(self) -> None:
        if self._answer is not None:
            self._answer.close()
        self._process = self._answer = None


def _nvidia_smi() -> Path | None:
    """Without `shutil.which`: its module brings three of compression, a megabyte."""
    folders = os.environ.get("PATH", "").split(os.pathsep)
    found = (Path(folder, "nvidia-smi") for folder in folders if folder)
    return next((path for path in found if path.is_file() and os.access(path, os.X_OK)), None)


def figures_of(text: str, visible: str | None) -> dict[str, Any]:
    """`system/gpu0/utilization` and so on, of the GPUs that CUDA_VISIBLE_DEVICES leaves to this program."""
    wanted = None if visible is None else [part.strip() for part in visible.split(",")]
    found: dict[str, Any] = {}
    for line in text.splitlines():
        parts = [part.strip() for part in line.split(",")]
        if len(parts) != len(_FIELDS) + 2 or not parts[0].isdigit():
            continue
        index, uuid = parts[:2]
        if wanted is not None and not any(each == index or _names(each, uuid) for each in wanted):
            continue
        for name, value in zip(_FIELDS, parts[2:]):
            number = _number(value)
            if number is not None:
                found[f"system/gpu{index}/{name}"] = number
    return found


def _names(wanted: str, uuid: str) -> bool:
    """CUDA takes the beginning of a UUID for the whole."""
    return wanted.startswith("GPU-") and uuid.startswith(wanted)


def _number(text: str) -> float | None:
    try:
        value = float(text)
    except ValueError:  # "[N/A]"
        return None
    if value - value != 0:
        return None
    return int(value) if value.is_integer() else value


def _usage_of_tree(root: int) -> tuple[int, int, int]:
    """Clock ticks, bytes of memory, and number of a process and all below it."""
    ticks = memory = count = 0
    waiting = [root]
    while waiting and count < _MOST:
        pid = waiting.pop()
        try:
            text = Path(f"/proc/{pid}/stat").read_bytes()
        except OSError:  # it ended just now
            continue
        fields = text[text.rfind(b")") + 2 :].split()
        ticks += sum(map(int, fields[11:15]))  # its own, and those of children that it buried
        memory += int(fields[21]) * _PAGE
        count += 1
        waiting += _children_of(pid)
    return ticks, memory, count


def _children_of(pid: int) -> list[int]:
    """Any thread may have started some."""
    found: list[int] = []
    try:
        for thread in os.listdir(f"/proc/{pid}/task"):  # noqa: PTH208  (pathlib makes an object of each)
            found += map(int, Path(f"/proc/{pid}/task/{thread}/children").read_bytes().split())
    except OSError:
        pass
    return found


def _node_ticks() -> tuple[int, int]:
    """(busy, total) clock ticks of all processors since the start of the machine."""
    with Path("/proc/stat").open("rb") as file:
        ticks = [int(field) for field in file.readline().split()[1:9]]
    return sum(ticks) - sum(ticks[3:5]), sum(ticks)


def _node_memory() -> int:
    """Kilobytes in use."""
    amounts = {}
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        amounts[name] = int(rest.split()[0])
    return amounts["MemTotal"] - amounts.get("MemAvailable", amounts["MemFree"])
