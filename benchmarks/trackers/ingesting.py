"""What a server takes over HTTP: points a second with one client and with four, checked against what it then has."""

import os
import sqlite3
import tempfile
import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from functools import partial
from pathlib import Path

import orjson

from benchmarks import serving
from benchmarks.measuring import Report, Row, timed
from benchmarks.serving import LightAgent
from benchmarks.trackers import lines, peers, rounds
from benchmarks.trackers.clients import Spec, send_together
from benchmarks.trackers.libraries.to_whirr import PIECE
from benchmarks.trackers.peers import Broken, Contestant
from benchmarks.trackers.rounds import Facts
from benchmarks.trackers.servers import SETTLE, TOKEN, Field, Server

MOST_CLIENTS = 4


class Target(ABC):
    """A server, who sends to it, and how many points one round is."""

    sender: Contestant

    def __init__(self, server: Server, points: int) -> None:
        self.server = server
        self.points = points
        self.idle: Row = {}

    @property
    def name(self) -> str:
        return self.server.name

    @abstractmethod
    def runs(self, count: int) -> list[Spec]:
        """New runs, one for each client."""

    @abstractmethod
    def stored(self, specs: list[Spec]) -> int:
        """Points of these runs that the server has."""

    def round(self, clients: int) -> Facts:
        """Seconds and CPU seconds of one round. Raises Broken where points are missing."""
        each = max(1000, self.points // clients // 1000 * 1000)
        specs = [spec | {"url": self.server.url, "points": each} for spec in self.runs(clients)]
        cpu = self.server.cpu()
        seconds = send_together(self.sender, specs)
        cpu = self.server.cpu() - cpu
        found = self.stored(specs)
        if found != each * clients:
            raise Broken(f"it has {found:,} of {each * clients:,} points")
        return {"points_per_s": each * clients / seconds, "points_per_cpu_s": each * clients / cpu}


class Ours(Target):
    sender = Contestant("whirr", peers.OURS, "to_whirr")

    def runs(self, count: int) -> list[Spec]:
        client = self.server.client()
        for _ in range(count):
            serving.submit(client, "true")
        orders = LightAgent(client, os.urandom(4).hex(), count).claim()
        return [{"run": order["run_id"], "token": order["run_token"]} for order in orders]

    def stored(self, specs: list[Spec]) -> int:
        paths = [f"/api/v1/runs/{spec['run']}/series?width=10" for spec in specs]
        return sum(each["count"] for path in paths for each in self.server.json(path)["series"])


class Trackio(Target):
    """Each client has a project: trackio keeps a database for each, and clients of one would wait for each other."""

    sender = Contestant("trackio", peers.TRACKIO, "to_trackio")

    def runs(self, count: int) -> list[Spec]:
        names = [os.urandom(4).hex() for _ in range(count)]
        return [{"run": name, "project": name, "token": TOKEN} for name in names]

    def stored(self, specs: list[Spec]) -> int:
        return sum(
            2 * rows(self.server, f"trackio/{spec['project']}.db", "metrics") for spec in specs
        )


class Mlflow(Target):
    sender = Contestant("mlflow", peers.MLFLOW, "to_mlflow")

    def runs(self, count: int) -> list[Spec]:
        return [{"run": new_mlflow_run(self.server)} for _ in range(count)]

    def stored(self, specs: list[Spec]) -> int:
        return sum(
            rows(self.server, "mlflow.db", "metrics", f"run_uuid = '{spec['run']}'")
            for spec in specs
        )


def new_mlflow_run(server: Server) -> str:
    told = {"experiment_id": "0", "start_time": int(time.time() * 1e3)}
    return str(server.json("/api/2.0/mlflow/runs/create", told)["run"]["info"]["run_id"])


def rows(server: Server, path: str, table: str, where: str = "1") -> int:
    """Counted in the server's own SQLite file."""
    database = sqlite3.connect(f"file:{server.folder / path}?mode=ro", uri=True)
    try:
        return int(database.execute(f"SELECT count(*) FROM {table} WHERE {where}").fetchone()[0])
    finally:
        database.close()


def measure(report: Report, field: Field) -> None:
    many = 60_000 if report.quick else 600_000
    times = 1 if report.quick else 3
    title = "ingestion over HTTP, points with two values a line"
    report.section(title)
    targets = _targets(report, field, many)
    time.sleep(SETTLE)
    for target in targets:
        target.idle = target.server.memory()
        target.idle["ready_after_s"] = target.server.ready_after
    for clients in (1, MOST_CLIENTS):
        report.section(f"{title}, clients: {clients}")
        found = rounds.taken(report, targets, times, lambda target: target.round(clients))  # noqa: B023
        _add(report, found, raw=_raw(many) if clients == 1 else None)
    report.section("memory of the servers, without a PostgreSQL")
    for target in targets:
        after = {f"{name[:3]}_after_MiB": size for name, size in target.server.memory().items()}
        report.add(target.name, **target.idle, **after)


def _targets(report: Report, field: Field, many: int) -> list[Target]:
    starts: dict[str, Callable[[], Target]] = {
        "whirr, SQLite": lambda: Ours(field.sqlite(), many),
        "whirr, PostgreSQL": lambda: Ours(field.postgres(), many),
        "trackio": lambda: Trackio(field.trackio(), many // 6),
        "mlflow": lambda: Mlflow(field.mlflow(), many // 60),
    }
    found = []
    for name, start in starts.items():
        try:
            found.append(start())
        except Broken as error:
            report.remark(name, f"not measured: {error}")
    return found


def _add(report: Report, found: dict[str, Facts], raw: Row | None) -> None:
    for name, facts in found.items():
        report.add(name, **facts, **rounds.ratio(found, name, "points_per_s", to="trackio"))
    for name, rate in (raw or {}).items():
        report.add(name, points_per_s=rate)


def _raw(points: int) -> Row:
    """Points a second of the same bytes without a server."""
    data = lines.metrics(points // 2)
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        written = timed(partial(_write, data, Path(folder) / "raw.jsonl"))
    parsed = timed(partial(_parse, data))
    return {
        "raw limit: writing a local file": points / written,
        "raw limit: parsing with orjson": points / parsed,
        "raw limit: both": points / (written + parsed),
    }


def _write(data: bytes, path: Path) -> None:
    with path.open("wb", buffering=0) as file:
        for offset in range(0, len(data), PIECE):
            file.write(data[offset : offset + PIECE])


def _parse(data: bytes) -> None:
    for line in data.splitlines():
        orjson.loads(line)
