"""Tables of 1,000 and 10,000 runs, and a search by a metric: the same calls to MLflow's server and to ours."""

import os
from functools import partial
from typing import Any
from urllib.parse import urlencode

from benchmarks import serving
from benchmarks.measuring import Report
from benchmarks.trackers import filling
from benchmarks.trackers.filling import Copier
from benchmarks.trackers.peers import Broken
from benchmarks.trackers.reading import of_stack, timing
from benchmarks.trackers.servers import Field, Server

SEARCH = "/api/2.0/mlflow/runs/search"
PAGE = 500
RUNS, FOUND = 1000, 100  # of a list, and of a search
EVERYTHING: dict[str, Any] = {"experiment_ids": ["0"], "max_results": RUNS}
BY_METRIC: dict[str, Any] = {
    "experiment_ids": ["0"],
    "filter": "metrics.loss < 0.5",
    "order_by": ["metrics.loss ASC"],
    "max_results": FOUND,
}
# Every run has another loss; each has the same share below a half.
OUR_LOSSES = "UPDATE runs_series SET last = abs(random() % 1000000) / 1e6 WHERE key = 'loss'"
THEIR_LOSSES = "UPDATE latest_metrics SET value = abs(random() % 1000000) / 1e6 WHERE key = 'loss'"
TABLES = ("runs", "metrics", "latest_metrics", "params", "tags")


def measure(report: Report, field: Field) -> None:
    sizes, times = ((1_000,), 3) if report.quick else ((1_000, 10_000), 11)
    with serving.stack(with_agent=False) as stack:
        server = of_stack(stack)
        first = one_run(server)
        copier, there = Copier(stack.data / "whirr.db", first), 1
        for size in sizes:
            report.section(f"lists and searches among {size:,} runs, over HTTP")
            for _ in range(there, size):
                copier.copy()
            there = size
            with filling.database(stack.data / "whirr.db") as opened:
                opened.execute(OUR_LOSSES)
            _measure_ours(report, server, times)
            try:
                _measure_mlflow(report, field.mlflow(), size, times)
            except Broken as error:
                report.remark("mlflow", f"not measured: {error}")


def one_run(server: Server) -> str:
    """A run by MLflow's API with ten parameters and two metrics; its id."""
    told = {"experiment_id": "0", "start_time": 1_768_473_000_000, "run_name": "bench"}
    run = server.json("/api/2.0/mlflow/runs/create", told)["run"]["info"]["run_id"]
    metrics = [
        {"key": key, "value": 0.5, "timestamp": 1_768_473_000_000, "step": 0}
        for key in ("loss", "accuracy")
    ]
    params = [{"key": f"p{n}", "value": str(n)} for n in range(10)]
    batch = {"run_id": run, "metrics": metrics, "params": params}
    server.call("/api/2.0/mlflow/runs/log-batch", batch)
    return str(run)


def listed(server: Server, asked: dict[str, Any], *, at_least: int) -> bytes:
    """All pages of a search. Raises Broken where fewer runs come than there are."""
    found: list[Any] = []
    asked = dict(asked)
    while True:
        page = server.json(SEARCH, asked)
        found += page.get("runs", [])
        if len(found) >= asked["max_results"] or not page.get("next_page_token"):
            break
        asked["page_token"] = page["next_page_token"]
    if len(found) < at_least:
        raise Broken(f"{len(found)} runs were found instead of {at_least}")
    return repr(found).encode()


def _measure_ours(report: Report, server: Server, times: int) -> None:
    for limit in (50, PAGE):
        path = f"/api/v1/runs?{urlencode({'limit': limit})}"
        report.add(f"whirr: newest {limit}", **timing(server, partial(server.call, path), times))
    _measure_searches(report, server, "whirr, as MLflow's client asks", times)


def _measure_mlflow(report: Report, server: Server, size: int, times: int) -> None:
    with filling.database(server.folder / "mlflow.db") as opened:
        for table in ("metrics", "latest_metrics", "params", "tags", "runs"):
            opened.execute(f"DELETE FROM {table}")
    run = one_run(server)
    with filling.database(server.folder / "mlflow.db") as opened:
        for _ in range(size - 1):
            new = {"run_uuid": os.urandom(16).hex()}
            for table in TABLES:
                filling.insert(opened, table, new, {"run_uuid": run})
        opened.execute(THEIR_LOSSES)
    _measure_searches(report, server, "mlflow", min(times, 5))


def _measure_searches(report: Report, server: Server, name: str, times: int) -> None:
    for what, asked, least in (
        (f"list {RUNS:,}", EVERYTHING, RUNS),
        (f"search {FOUND} by a metric", BY_METRIC, FOUND),
    ):
        call = partial(listed, server, asked, at_least=least)
        report.add(f"{name}: {what}", **timing(server, call, times))
