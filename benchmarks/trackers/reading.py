"""Reading long series, and a hundred of them at once."""

import statistics
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from benchmarks import serving
from benchmarks.measuring import Report, Row, timed
from benchmarks.serving import LightAgent, Stack
from benchmarks.trackers import filling, lines
from benchmarks.trackers.filling import Copier
from benchmarks.trackers.libraries.to_whirr import PIECE
from benchmarks.trackers.peers import Broken
from benchmarks.trackers.servers import Field, Server

STRETCH = 8192  # as runs.models has it: fewer points than that wait for more
WIDTH = 800
ZOOM = 1000  # points of the stretch that is looked at closely
MLFLOW_VIEW = 320  # points of the charts that MLflow's own pages draw
MLFLOW_PAGE = 25_000  # the most that its client asks for at once
REMARK = "the peers' points were written into their databases, ours sent over HTTP"


@dataclass(frozen=True)
class Sizes:
    points: tuple[int, ...]
    peers: int  # up to so many points
    all: int  # up to so many points are read one by one
    overlaid: int
    times: int


FULL = Sizes((100_000, 1_000_000, 10_000_000), 1_000_000, 1_000_000, 100, 11)
QUICK = Sizes((20_000, 200_000), 20_000, 200_000, 20, 3)


def measure(report: Report, field: Field) -> None:
    """Ours is a whole stack: its Celery merges what the web process has taken."""
    sizes = QUICK if report.quick else FULL
    with serving.stack(with_agent=False) as stack:
        server = of_stack(stack)
        report.section("one series, read over HTTP")
        report.remark("trackio, mlflow", REMARK)
        runs = {points: sent(server, points) for points in sizes.points}
        await_merged(stack)
        for points, run in runs.items():
            _measure_ours(report, server, run, points, sizes)
        health = timing(server, partial(server.call, "/health"), sizes.times)
        report.add("raw limit: an empty request", **health)
        _measure_peers(report, field, sizes)
        _overlay(report, stack, server, runs, sizes)


def of_stack(stack: Stack) -> Server:
    """The embedded stack's web process."""
    (pid,) = (
        each
        for each in serving.family(stack.process.pid)
        if b"whirr_site.web" in Path(f"/proc/{each}/cmdline").read_bytes().split(b"\0")
    )
    port = int(stack.url.rsplit(":", 1)[1])
    headers = {"Authorization": f"Bearer {stack.secret}"}
    return Server("whirr", port, pid, stack.data, stack.ready_after, headers)


def timing(server: Server, call: Callable[[], bytes], times: int) -> Row:
    """The median of the whole time and of the server's CPU time, and the size. Raises Broken."""
    walls, cpus, size = [], [], 0

    def once() -> None:
        nonlocal size
        size = len(call())

    for _ in range(times):
        cpu = server.cpu()
        walls.append(timed(once))
        cpus.append(server.cpu() - cpu)
    return {
        "median_ms": statistics.median(walls) * 1e3,
        "worst_ms": max(walls) * 1e3,
        "server_CPU_ms": statistics.median(cpus) * 1e3,
        "KiB": size / 1024,
    }


def sent(server: Server, points: int) -> str:
    """A run with a series of that many points, sent as a library would."""
    client = server.client()
    serving.submit(client, "true")
    (order,) = LightAgent(client, f"reading-{points}", 1).claim()
    path = f"/api/v1/runs/{order['run_id']}/attempts/1/streams/metrics.jsonl"
    offset, kept = 0, bytearray()
    for piece in lines.pieces(points, keys=1):
        kept += piece
        if len(kept) >= PIECE:
            client.put(path, bytes(kept), {"offset": offset})
            offset += len(kept)
            kept.clear()
    client.put(path, bytes(kept), {"offset": offset})
    return str(order["run_id"])


def await_merged(stack: Stack) -> None:
    """Until the overviews have all points."""

    def merged() -> bool:
        return filling.unmerged(stack.data / "whirr.db") < STRETCH

    print("  waiting for the overviews", file=sys.stderr, flush=True)
    serving.until(merged, what="all series are merged", within=300, every=0.2)


def query(runs: list[str], **more: object) -> str:
    told = {"runs": ",".join(runs), "keys": "loss", "width": WIDTH, "format": "binary", **more}
    return f"/api/v1/series?{urlencode(told)}"


def _measure_ours(report: Report, server: Server, run: str, points: int, sizes: Sizes) -> None:
    name, call = f"whirr, {points:,} points", partial(partial, server.call)
    (found,) = server.json(query([run], format="json"))["series"]
    if found["count"] != points:
        raise RuntimeError(f"the server has {found['count']:,} of {points:,} points")
    zoom = {"from": points // 2, "to": points // 2 + ZOOM - 1}
    (near,) = server.json(query([run], format="json", **zoom))["series"]
    if not near["exact"] or len(near["points"]["step"]) != ZOOM:
        raise RuntimeError("the close look is not exact")
    for form in ("json", "binary"):
        path = query([run], format=form)
        report.add(f"{name}: overview, {form}", **timing(server, call(path), sizes.times))
    report.add(
        f"{name}: {ZOOM:,} of them", **timing(server, call(query([run], **zoom)), sizes.times)
    )
    if points <= sizes.all:
        path = f"/api/v1/runs/{run}/export?format=csv&what=metrics"
        report.add(f"{name}: all, as CSV", **timing(server, call(path), 1))


@dataclass(frozen=True)
class Peer:
    """How a peer is filled, and what it shows: the server's `view` of a chart, and `all` points."""

    name: str
    start: Callable[[], Server]
    fill: Callable[[Server, int], str]
    view: Callable[[Server, str], bytes]
    all: Callable[[Server, str], bytes]


def _measure_peers(report: Report, field: Field, sizes: Sizes) -> None:
    for peer in (
        Peer("trackio", field.trackio, filling.trackio_series, _trackio_view, _trackio_all),
        Peer("mlflow", field.mlflow, filling.mlflow_series, _mlflow_view, _mlflow_all),
    ):
        for points in (each for each in sizes.points if each <= sizes.peers):
            name = f"{peer.name}, {points:,} points"
            try:
                server = peer.start()
                run = peer.fill(server, points)
                view = timing(server, partial(peer.view, server, run), 3)
                report.add(f"{name}: its chart", **view)
                report.add(f"{name}: all", **timing(server, partial(peer.all, server, run), 1))
            except Broken as error:
                report.remark(name, f"not measured: {error}")
                break


def _trackio_view(server: Server, run: str) -> bytes:
    told = {"project": "reading", "run": run, "run_id": run}
    return server.call("/api/get_logs", {"args": [], "kwargs": told})


def _trackio_all(server: Server, run: str) -> bytes:
    told = {"project": "reading", "run": run, "run_id": run, "metric_name": "loss"}
    return server.call("/api/get_metric_values", {"args": [], "kwargs": told})


def _mlflow_view(server: Server, run: str) -> bytes:
    told = {"run_ids": run, "metric_key": "loss", "max_results": MLFLOW_VIEW}
    return server.call(f"/ajax-api/2.0/mlflow/metrics/get-history-bulk-interval?{urlencode(told)}")


def _mlflow_all(server: Server, run: str) -> bytes:
    """All pages, one after the other, as its client asks for them."""
    told: dict[str, Any] = {"run_id": run, "metric_key": "loss", "max_results": MLFLOW_PAGE}
    found = b""
    while True:
        page = server.json(f"/api/2.0/mlflow/metrics/get-history?{urlencode(told)}")
        found += repr(page).encode()
        if not page.get("next_page_token"):
            return found
        told["page_token"] = page["next_page_token"]


def _overlay(
    report: Report, stack: Stack, server: Server, runs: dict[int, str], sizes: Sizes
) -> None:
    """The same curve in each run; but each has rows of its own, which are read and sent."""
    for points in sizes.points[:2]:
        report.section(
            f"{sizes.overlaid} runs x {points:,} points, overlaid in one call of width {WIDTH}"
        )
        keys = copies(stack.data / "whirr.db", runs[points], sizes.overlaid - 1)
        for form in ("json", "binary"):
            path = query([runs[points], *keys], format=form)
            row = timing(server, partial(server.call, path), sizes.times)
            report.add(f"whirr, {form}", **row)


def copies(path: Path, run: str, count: int) -> list[str]:
    """That many more runs like this one."""
    copier = Copier(path, run)
    return [copier.copy() for _ in range(count)]
