"""The record: what a training script pays for it, and how fast a server takes and shows it."""

import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import orjson

from benchmarks import serving
from benchmarks.measuring import Report, Row, percentile, spread, timed, wants_quick
from benchmarks.serving import LightAgent, Stack
from whirr.wire import Client

PIECE = 256 * 1024
WIDTH = 800

BARE = "pass"
IMPORT = "import whirr"
LIBRARY = "import whirr; whirr.init"  # the library itself is loaded when it is first used
STATUS = "; print(open('/proc/self/status').read())"
RUN = """
import time, whirr
whirr.init
began = time.perf_counter()
whirr.init({options}).finish()
print(time.perf_counter() - began)
"""
LOG = """
import sys, time, whirr
run = whirr.init(capture_git=False, capture_pip=False)
clock, log, times = time.perf_counter, run.log, []
for step in range({calls}):
    values = {{"loss": 1.0 / (step + 1), "accuracy": step / {calls}}}
    began = clock()
    log(values, step=step)
    times.append(clock() - began)
run.finish()
print(run.dir / "metrics.jsonl")
print(*times)
"""


def main() -> None:
    report = Report("tracking", quick=wants_quick(__doc__ or ""))
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder:
        project = Path(folder)
        make_repository(project)
        measure_import(report, project, times=3 if report.quick else 10)
        measure_empty_run(report, project, times=3 if report.quick else 10)
        measure_log(report, project, calls=2_000 if report.quick else 20_000)
    with serving.stack(with_agent=False) as stack:
        measure_server(report, stack, lines=10_000 if report.quick else 100_000)
    report.close()


def make_repository(folder: Path) -> None:
    """A small repository with a change in it, so that a run has a commit and a diff to keep."""
    (folder / "train.py").write_text("print('one')\n")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "one"]):
        output(["git", *words], folder)
    (folder / "train.py").write_text("print('two')\n")


def script(text: str, folder: Path) -> str:
    """What a fresh python prints."""
    return output([sys.executable, "-c", text], folder)


def output(argv: list[str], folder: Path) -> str:
    environment = serving.environment()
    return subprocess.run(
        argv, cwd=folder, env=environment, stdout=subprocess.PIPE, text=True, check=True
    ).stdout


def measure_import(report: Report, folder: Path, *, times: int) -> None:
    """Start to end of fresh processes, taken in turn; the peak of their memory."""
    texts = {"bare python": BARE, IMPORT: IMPORT, LIBRARY: LIBRARY}
    for text in texts.values():
        script(text, folder)  # the first one compiles
    walls: dict[str, list[float]] = {what: [] for what in texts}
    peaks: dict[str, list[float]] = {what: [] for what in texts}
    for _ in range(times):
        for what, text in texts.items():
            walls[what].append(timed(partial(script, text, folder)))
            peaks[what].append(peak_mib(script(text + STATUS, folder)))
    bare = (statistics.median(walls["bare python"]), statistics.median(peaks["bare python"]))
    report.section(f"import, {times} fresh processes")
    for what in texts:
        wall, peak = statistics.median(walls[what]), statistics.median(peaks[what])
        row: Row = {"median_ms": wall * 1e3, "peak_MiB": peak}
        if what != "bare python":
            row |= {"extra_ms": (wall - bare[0]) * 1e3, "extra_MiB": peak - bare[1]}
        report.add(what, **row)


def peak_mib(status: str) -> float:
    (line,) = (line for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


def measure_empty_run(report: Report, folder: Path, *, times: int) -> None:
    """The library is loaded already; git is one of the programs that capturing runs."""
    plain = RUN.format(options="capture_git=False, capture_pip=False")
    whole = RUN.format(options="")
    git = [timed(lambda: output(["git", "version"], folder)) for _ in range(times)]
    report.section(f"init and finish of an empty run, {times} fresh processes")
    report.add(
        "with git and packages", **spread([float(script(whole, folder)) for _ in range(times)])
    )
    report.add("without", **spread([float(script(plain, folder)) for _ in range(times)]))
    report.add("raw limit: starting git once", **spread(git))


def measure_log(report: Report, folder: Path, *, calls: int) -> None:
    path, figures = script(LOG.format(calls=calls), folder).splitlines()
    ours = [float(each) for each in figures.split()]
    raw = raw_writes(Path(path), folder / "raw.jsonl")
    report.section(f"run.log of two values, {calls:,} calls")
    whole, limit = log_figures(ours), log_figures(raw)
    report.add("run.log", **whole)
    report.add("raw limit: os.write of the same lines", **limit)
    report.add("ratio", median_us=whole["median_us"] / limit["median_us"])


def raw_writes(source: Path, target: Path) -> list[float]:
    lines = source.read_bytes().splitlines(keepends=True)
    fd = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    times = [timed(partial(os.write, fd, line)) for line in lines]
    os.close(fd)
    return times


def log_figures(seconds: list[float]) -> Row:
    return {
        "median_us": statistics.median(seconds) * 1e6,
        "p99_us": percentile(seconds, 99) * 1e6,
        "worst_us": max(seconds) * 1e6,
        "total_ms": sum(seconds) * 1e3,
    }


def measure_server(report: Report, stack: Stack, *, lines: int) -> None:
    """Two values a line; the run's own token, as an agent would use it, on one kept connection."""
    data = metrics(lines)
    owner = stack.client()
    for _ in range(2):
        serving.submit(owner, "true")
    first, order = LightAgent(owner, "bench", 2).claim()
    warm_up = data[: 8 * PIECE]  # each of the server's threads opens its database connection once
    send(stack.client(first["run_token"]), first, warm_up)
    took, cpu = stack.cost(lambda: send(stack.client(order["run_token"]), order, data))
    raw = raw_ingestion(data, stack.project)
    points = 2 * lines
    report.section(
        f"ingestion over HTTP, {points:,} points in pieces of {PIECE // 1024} KiB, SQLite"
    )
    row = {"points_per_s": points / took, "points_per_cpu_s": points / cpu}
    report.add("PUT metrics.jsonl", **row, MiB_per_s=len(data) / took / 2**20)
    for what, seconds in raw.items():
        report.add(what, points_per_s=points / seconds, ratio=took / seconds)
    measure_overview(
        report, owner, order["run_id"], points=lines, times=20 if report.quick else 100
    )


def metrics(lines: int) -> bytes:
    """As the library writes them."""
    at = "2026-01-15T10:30:00"
    return "".join(
        json.dumps(
            {
                "_idx": n,
                "_timestamp": f"{at}.{n % 1_000_000:06d}Z",
                "step": n,
                "loss": math.exp(-n / lines) + math.sin(n) / 50,
                "accuracy": n / lines,
            },
            separators=(",", ":"),
        )
        + "\n"
        for n in range(lines)
    ).encode()


def send(client: Client, order: dict[str, object], data: bytes) -> None:
    path = f"/api/v1/runs/{order['run_id']}/attempts/{order['attempt']}/streams/metrics.jsonl"
    for offset in range(0, len(data), PIECE):
        client.put(path, data[offset : offset + PIECE], {"offset": offset})


def raw_ingestion(data: bytes, folder: Path) -> dict[str, float]:
    """Seconds for the same bytes without a server."""

    def write() -> None:
        with (folder / "raw.jsonl").open("wb", buffering=0) as file:
            for offset in range(0, len(data), PIECE):
                file.write(data[offset : offset + PIECE])

    def parse() -> None:
        for line in data.splitlines():
            orjson.loads(line)

    written, parsed = timed(write), timed(parse)
    return {
        "raw limit: writing a local file": written,
        "raw limit: parsing with orjson": parsed,
        "raw limit: both": written + parsed,
    }


def measure_overview(
    report: Report, client: Client, run_id: str, *, points: int, times: int
) -> None:
    query: dict[str, str | int] = {"keys": "loss", "width": WIDTH}
    path = f"/api/v1/runs/{run_id}/series"
    (series,) = client.get(path, query).json()["series"]
    if series["count"] != points or len(series["points"]["step"]) > 2 * WIDTH:
        raise RuntimeError(f"the overview has {series['count']} points instead of {points}")
    read = [timed(lambda: client.get(path, query)) for _ in range(times)]
    health = [timed(lambda: client.get("/health")) for _ in range(times)]
    report.section(f"a series of {points:,} points at width {WIDTH}, read {times} times")
    report.add("GET series", **spread(read))
    report.add("raw limit: GET /health", **spread(health))


if __name__ == "__main__":
    main()
