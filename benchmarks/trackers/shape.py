"""The load that users of trackers have published: experiments of 1,500 runs with 1,500 metrics, 20 to 150 steps, 150
parameters and 50 tags each (G-Research/fasttrackml, issue 860).

Whole runs are sent as they are; their number is scaled down, and most of them are copies.
"""

import json
import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

from benchmarks import serving
from benchmarks.measuring import Report, timed
from benchmarks.serving import LightAgent
from benchmarks.trackers.ingesting import new_mlflow_run
from benchmarks.trackers.lines import START
from benchmarks.trackers.lists import BY_METRIC, listed
from benchmarks.trackers.peers import Broken
from benchmarks.trackers.reading import copies, of_stack, query, timing
from benchmarks.trackers.servers import Field, Server

METRICS, PARAMS, TAGS = 1500, 150, 50
STEPS = (20, 150)
BATCH = 1000  # metrics of one of MLflow's calls
LINES = 10  # of one PUT: half a MiB


@dataclass(frozen=True)
class Scale:
    """Runs that are sent, runs that are there in the end, and how often each read is repeated."""

    sent: int
    runs: int
    times: int


FULL, QUICK = Scale(6, 100, 7), Scale(2, 10, 3)


def measure(report: Report, field: Field) -> None:
    scale = QUICK if report.quick else FULL
    title = f"runs of {METRICS:,} metrics, {STEPS[0]} to {STEPS[1]} steps, {PARAMS} parameters, {TAGS} tags"
    report.section(title)
    for name, start, send in (
        ("trackio", field.trackio, _send_to_trackio),
        ("mlflow", field.mlflow, _send_to_mlflow),
    ):
        try:
            _measure_peer(report, name, start, send)
        except Broken as error:
            report.remark(name, f"not measured: {error}")
    with serving.stack(with_agent=False) as stack:
        server = of_stack(stack)
        runs = _send_ours(report, server, scale)
        many = scale.runs - len(runs)
        runs += copies(stack.data / "whirr.db", runs[0], many)
        report.section(f"{title}: reading {scale.runs} of them, {many} of which are copies")
        _read(report, server, runs, scale.times)


def steps_of(run: int, runs: int) -> int:
    """From the fewest to the most."""
    return STEPS[0] + (STEPS[1] - STEPS[0]) * run // max(1, runs - 1)


def values(step: int) -> dict[str, float]:
    """One line's metrics; the first one is `loss`."""
    names = ["loss", *(f"layer/{n // 50}/metric_{n}" for n in range(1, METRICS))]
    return {name: math.sin(n + step / 10) / (n + 1) for n, name in enumerate(names)}


def _send_ours(report: Report, server: Server, scale: Scale) -> list[str]:
    client = server.client()
    for _ in range(scale.sent):
        serving.submit(client, "true")
    orders = LightAgent(client, "shape", scale.sent).claim()
    pieces = [list(_lines(steps_of(n, scale.sent))) for n in range(scale.sent)]
    points = METRICS * sum(steps_of(n, scale.sent) for n in range(scale.sent))

    def send() -> None:
        for order, parts in zip(orders, pieces, strict=True):
            path = f"/api/v1/runs/{order['run_id']}/attempts/1"
            client.put(f"{path}/documents/config.json", _config())
            client.put(f"{path}/documents/meta.json", _meta(order["run_id"]))
            offset = 0
            for part in parts:
                client.put(f"{path}/streams/metrics.jsonl", part, {"offset": offset})
                offset += len(part)

    cpu = server.cpu()
    seconds = timed(send)
    rate = points / (server.cpu() - cpu)
    report.add("whirr: sent", points=points, points_per_s=points / seconds, points_per_cpu_s=rate)
    return [str(order["run_id"]) for order in orders]


def _lines(steps: int) -> Iterator[bytes]:
    for first in range(0, steps, LINES):
        lines = []
        for step in range(first, min(first + LINES, steps)):
            head = {"_idx": step, "_timestamp": f"2026-01-15T10:30:00.{step:06d}Z", "step": step}
            lines.append(json.dumps(head | values(step), separators=(",", ":")) + "\n")
        yield "".join(lines).encode()


def _config() -> bytes:
    return json.dumps({f"param_{n}": n / 7 for n in range(PARAMS)}).encode()


def _meta(run: str) -> bytes:
    told = {"id": run, "name": run, "tags": [f"tag-{n}" for n in range(TAGS)], "status": "running"}
    return json.dumps(told).encode()


def _measure_peer(
    report: Report, name: str, start: Callable[[], Server], send: Callable[[Server], None]
) -> None:
    """The shortest run alone."""
    server, points = start(), METRICS * STEPS[0]
    cpu = server.cpu()
    seconds = timed(partial(send, server))
    rate = points / (server.cpu() - cpu)
    report.add(f"{name}: sent", points=points, points_per_s=points / seconds, points_per_cpu_s=rate)


def _send_to_trackio(server: Server) -> None:
    config = json.loads(_config()) | {f"tag-{n}": True for n in range(TAGS)}
    logs = [
        {
            **{"project": "shape", "run": "shape", "run_id": "shape", "log_id": f"shape-{step}"},
            **{"metrics": values(step), "step": step, "config": None if step else config},
        }
        for step in range(STEPS[0])
    ]
    server.call("/api/bulk_log", {"args": [], "kwargs": {"logs": logs, "hf_token": None}})


def _send_to_mlflow(server: Server) -> None:
    run, path = new_mlflow_run(server), "/api/2.0/mlflow/runs/log-batch"
    params = [{"key": key, "value": str(value)} for key, value in json.loads(_config()).items()]
    tags = [{"key": f"tag-{n}", "value": "1"} for n in range(TAGS)]
    server.call(path, {"run_id": run, "params": params[:100], "tags": tags})
    server.call(path, {"run_id": run, "params": params[100:]})
    for step in range(STEPS[0]):
        at = (START + step) * 1000
        metrics = [
            {"key": key, "value": value, "timestamp": at, "step": step}
            for key, value in values(step).items()
        ]
        for first in range(0, len(metrics), BATCH):
            server.call(path, {"run_id": run, "metrics": metrics[first : first + BATCH]})


def _read(report: Report, server: Server, runs: list[str], times: int) -> None:
    some = {"experiment_ids": ["0"], "max_results": min(50, len(runs))}
    searched = {**BY_METRIC, "filter": "metrics.loss < 2", "max_results": min(50, len(runs))}
    for what, call in (
        ("newest 50 runs", partial(server.call, "/api/v1/runs?limit=50")),
        ("one run", partial(server.call, f"/api/v1/runs/{runs[0]}")),
        ("its page", partial(server.call, f"/runs/{runs[0]}/")),
        ("all its series, width 100", partial(server.call, query(runs[:1], keys="", width=100))),
        (f"one metric of {len(runs)} runs", partial(server.call, query(runs))),
        (
            "50 runs with all metrics, as MLflow's client asks",
            partial(listed, server, some, at_least=1),
        ),
        ("50 runs by a metric, likewise", partial(listed, server, searched, at_least=1)),
    ):
        try:
            report.add(f"whirr: {what}", **timing(server, call, times))
        except Broken as error:
            report.remark(f"whirr: {what}", f"not measured: {error}")
    report.add("whirr: memory of the web process", **server.memory())
