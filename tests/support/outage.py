"""The server away in mid-training: killed first, and then behind a line that takes everything and answers nothing."""

import itertools
import selectors
import socket
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.e2e.programs import ROOT, Agent, Site, sha256, wait_for

TRAINER = str(ROOT / "tests" / "e2e" / "trainer.py")
SHIPPED = ("output.log", "metrics.jsonl", "system.jsonl")
LOGGED = {"loss", "twice"}  # by the trainer in each step
SHIPMENT = (b"/streams/", b'"next_interval"')  # bytes on their way, or the answer to some
# An agent waits up to half a minute for an answer, and as long before it asks again.
BACK_WITHIN = 120.0


class Line:
    """A TCP line to a server: `with Line(port) as line`. While it is `dead`, it swallows what it is sent.

    What was swallowed never arrives: a connection that was used meanwhile stays silent for good, or is broken
    afterwards where the line `breaks`, so that nobody has to wait for their patience to end.
    """

    def __init__(self, server_port: int, *, breaks: bool = False) -> None:
        self.dead = False
        self._breaks = breaks
        self.swallowed = bytearray()
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._silent: set[socket.socket] = set()
        self._pairs: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> "Line":
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        for end in (self._listener, *self._pairs):
            end.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._over.is_set():
            if self._breaks and not self.dead:
                for silent in list(self._silent):
                    self._close(silent)
            for key, _ in self._selector.select(0.05):
                end = key.fileobj
                assert isinstance(end, socket.socket)
                if end is self._listener:
                    self._connect(self._listener.accept()[0])
                elif end in self._pairs:
                    self._carry(end)

    def _connect(self, agent: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self._server_port), timeout=5)
        except OSError:  # refused, as the server itself would do
            agent.close()
            return
        for end, other in ((agent, server), (server, agent)):
            self._pairs[end] = other
            self._selector.register(end, selectors.EVENT_READ)

    def _carry(self, end: socket.socket) -> None:
        other = self._pairs[end]
        try:
            data = end.recv(65536)
            if self.dead or end in self._silent:
                self._silent |= {end, other}
                self.swallowed += data
            elif data:
                other.sendall(data)
        except OSError:
            data = b""
        if not data:
            self._close(end)

    def _close(self, end: socket.socket) -> None:
        if end not in self._pairs:
            return
        for each in (end, self._pairs[end]):
            self._selector.unregister(each)
            del self._pairs[each]
            self._silent.discard(each)
            each.close()


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training noticed, and what arrived."""

    steps: int
    longest_step: float  # seconds
    usual_step: float  # the median
    steps_while_killed: int
    steps_while_silent: int
    bytes_arrived: int
    seconds_to_catch_up: tuple[float, float]  # after each of the outages, until new bytes arrived
    problems: list[str]


class Outage:
    """One training through both outages, of `seconds` each. `rest` passes the time."""

    def __init__(
        self, site: Site, line: Line, agent: Agent, rest: Callable[[float], object]
    ) -> None:
        self._site, self._line, self._agent, self._rest = site, line, agent, rest
        self._end = site.folder / "enough"
        self._times = site.folder / "times"
        self._job = site.submit(
            *(sys.executable, TRAINER, "outage", "0"),
            *("--until", str(self._end), "--times", str(self._times)),
        )
        self._theirs = site.data / "runs" / f"job-{self._job}" / "attempts" / "1"
        self._ours = agent.attempt_folder(self._job, 1)

    def go_through(self, seconds: float) -> Trained:
        self._until_more_arrives()
        self._site.web.kill()
        killed = self._steps_during(seconds)
        self._site.start_web()
        first = self._until_more_arrives()
        self._line.dead = True
        silent = self._steps_during(seconds)
        wait_for(  # an agent whose run nobody watches does not ship every second
            lambda: any(mark in self._line.swallowed for mark in SHIPMENT),
            within=BACK_WITHIN,
            what="the agent ships into the silence",
        )
        self._line.dead = False
        second = self._until_more_arrives()
        self._end.touch()
        problems = self._compare()
        gaps = sorted(self._gaps())
        return Trained(
            steps=len(gaps) + 1,
            longest_step=gaps[-1],
            usual_step=gaps[len(gaps) // 2],
            steps_while_killed=killed,
            steps_while_silent=silent,
            bytes_arrived=sum(_size(self._theirs / name) for name in SHIPPED),
            seconds_to_catch_up=(first, second),
            problems=problems,
        )

    def _steps_during(self, seconds: float) -> int:
        before = len(self._clock())
        self._rest(seconds)
        return len(self._clock()) - before

    def _until_more_arrives(self) -> float:
        """How many seconds it took."""
        began, size = time.monotonic(), _size(self._theirs / "metrics.jsonl")
        wait_for(
            lambda: _size(self._theirs / "metrics.jsonl") > size,
            within=BACK_WITHIN,
            what="bytes arrive",
        )
        return time.monotonic() - began

    def _clock(self) -> list[float]:
        text = self._times.read_text() if self._times.exists() else ""
        return [float(word) for word in text.split("\n")[:-1]]

    def _gaps(self) -> list[float]:
        times = self._clock()
        return [after - before for before, after in itertools.pairwise(times)]

    def _compare(self) -> list[str]:
        """What is not as it should be: each byte on both sides, once, and one attempt that succeeded."""
        job = self._site.wait_for(self._job, "completed", within=BACK_WITHIN)
        ends = [each["status"] for each in job["attempts"]]
        problems = [] if ends == ["succeeded"] else [f"attempts: {ends}"]
        for name in SHIPPED:
            if sha256(self._ours / name) != sha256(self._theirs / name):
                problems.append(f"{name} of agent and server differ")
        steps = len(self._clock())
        path = f"/api/v1/runs/job-{self._job}/series?width=100"
        series = self._site.call("GET", path).json()["series"]
        counts = {each["key"]: each["count"] for each in series if each["key"] in LOGGED}
        if counts != dict.fromkeys(LOGGED, steps):
            problems.append(f"{steps} steps, but the series have {counts}")
        lines = (self._theirs / "output.log").read_text().splitlines()
        if lines != [f"line {number} of outage" for number in range(steps)]:
            problems.append("the log is not each line once")
        return problems


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
