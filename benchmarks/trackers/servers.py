"""The servers that are measured: ours as one web process, and those of the peers, started when they are needed."""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from benchmarks import serving
from benchmarks.measuring import Row, cpu_seconds, memory_of_all
from benchmarks.queueing import postgres, sites
from benchmarks.queueing.sites import Site
from benchmarks.trackers import peers
from benchmarks.trackers.peers import Broken, environment, last_line
from whirr.stack.child import deathsig
from whirr.wire import Client

TRACKIO = """
import sys, trackio
trackio.show(open_browser=False, block_thread=True, host="127.0.0.1", server_port=int(sys.argv[1]))
"""
TOKEN = "bench"
SETTLE = 3.0  # seconds after which a started server counts as idle


@dataclass(frozen=True)
class Server:
    """A running server; `headers` go with every request."""

    name: str
    port: int
    pid: int
    folder: Path
    ready_after: float = 0.0
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def client(self) -> Client:
        """Of ours: a client with one kept connection."""
        return Client(self.url, self.headers["Authorization"].split()[1], timeout=120)

    def call(self, path: str, body: object = None, *, timeout: float = 120) -> bytes:
        """The answer to one request; with a body it is a POST of JSON. Raises Broken.

        Each has a fresh connection: on a kept one MLflow's answers lose 40 ms to delayed ACKs.
        """
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=timeout)
        sent = None if body is None else json.dumps(body).encode()
        headers = dict(self.headers) | ({"Content-Type": "application/json"} if sent else {})
        try:
            connection.request("POST" if sent else "GET", path, sent, headers)
            answer = connection.getresponse()
            data = answer.read()
        except (OSError, http.client.HTTPException) as error:
            raise Broken(f"{path.split('?')[0]}: {error}") from None
        finally:
            connection.close()
        if answer.status >= 400:
            raise Broken(f"{path.split('?')[0]}: {answer.status} {data[:200].decode()}")
        return data

    def json(self, path: str, body: object = None) -> Any:
        return json.loads(self.call(path, body))

    def memory(self) -> Row:
        return memory_of_all(self._pids())

    def cpu(self) -> float:
        """CPU seconds of all its processes that live."""
        return sum(map(cpu_seconds, self._pids()))

    def _pids(self) -> list[int]:
        return [
            pid for pid in serving.family(self.pid) if Path(f"/proc/{pid}/smaps_rollup").exists()
        ]


class Field:
    """All servers of one run of the benchmark, each started once."""

    def __init__(self) -> None:
        self._stack = ExitStack()
        self._running: dict[str, Server] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def trackio(self) -> Server:
        """Raises Broken."""
        return self._once("trackio", trackio)

    def mlflow(self) -> Server:
        """Raises Broken."""
        return self._once("mlflow", mlflow)

    def sqlite(self) -> Server:
        return self._once("whirr, SQLite", ours_on_sqlite)

    def postgres(self) -> Server:
        return self._once("whirr, PostgreSQL", ours_on_postgres)

    def _once(self, name: str, start: Callable[[Path], Any]) -> Server:
        if name not in self._running:
            print(f"  starting {name}", file=sys.stderr, flush=True)
            folder = Path(
                self._stack.enter_context(tempfile.TemporaryDirectory(prefix="whirr-bench-"))
            )
            self._running[name] = self._stack.enter_context(start(folder))
        return self._running[name]


@contextmanager
def ours_on_sqlite(folder: Path) -> Iterator[Server]:
    """One daphne process."""
    began = time.perf_counter()
    with sites.ours("", folder) as site:
        yield _of(site, "whirr, SQLite", time.perf_counter() - began)


@contextmanager
def ours_on_postgres(folder: Path) -> Iterator[Server]:
    """One daphne process, and a PostgreSQL of its own with default durability."""
    with postgres.server() as running:
        url = running.create("tracking")
        began = time.perf_counter()
        with sites.ours(url, folder) as site:
            yield _of(site, "whirr, PostgreSQL", time.perf_counter() - began)


def _of(site: Site, name: str, ready_after: float) -> Server:
    headers = {"Authorization": f"Bearer {site.token}"}
    return Server(name, site.port, site.pid, site.data, ready_after, headers)


@contextmanager
def trackio(folder: Path) -> Iterator[Server]:
    """Its dashboard, which is also its server."""
    port = serving.free_port()
    argv = [str(peers.TRACKIO.python()), "-c", TRACKIO, str(port)]
    with _running("trackio", argv, port, folder, {"TRACKIO_WRITE_TOKEN": TOKEN}, "/") as server:
        yield server


@contextmanager
def mlflow(folder: Path) -> Iterator[Server]:
    """`mlflow server` with a SQLite file, as its documentation starts it."""
    port = serving.free_port()
    argv = [str(peers.MLFLOW.python()), "-m", "mlflow", "server", "--host", "127.0.0.1"]
    argv += ["--port", str(port), "--backend-store-uri", f"sqlite:///{folder}/mlflow.db"]
    argv += ["--artifacts-destination", str(folder / "artifacts")]
    # On a busy machine uvicorn would kill workers in the middle of a request.
    argv += ["--uvicorn-opts", "--timeout-worker-healthcheck 120"]
    with _running("mlflow", argv, port, folder, {}, "/health") as server:
        yield server


@contextmanager
def _running(
    name: str, argv: list[str], port: int, folder: Path, settings: Mapping[str, str], path: str
) -> Iterator[Server]:
    log, began = folder / "server.log", time.perf_counter()
    with log.open("wb") as output:
        process = subprocess.Popen(
            argv,
            cwd=folder,
            env=environment(folder, settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            start_new_session=True,
            preexec_fn=deathsig(signal.SIGKILL),
        )
    asked = Server(name, port, process.pid, folder)

    def answers() -> bool:
        if process.poll() is not None:
            raise Broken(f"its server ended: {last_line(log.read_text())}")
        try:
            return bool(asked.call(path, timeout=10))
        except Broken:
            return False

    try:
        try:
            serving.until(answers, what=f"{name} answers", within=240, every=0.1)
        except TimeoutError as error:
            raise Broken(str(error)) from None
        headers = {"X-Trackio-Write-Token": TOKEN} if name == "trackio" else {}
        yield Server(name, port, process.pid, folder, time.perf_counter() - began, headers)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=60)
