"""`log` of two values and a step: each call timed, until finish says that all of it is durable."""

import os
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from benchmarks import serving
from benchmarks.measuring import Report, Row, percentile, timed
from benchmarks.trackers import lines, peers, rounds
from benchmarks.trackers.peers import CLIENTS, Broken, Contestant
from benchmarks.trackers.rounds import Facts
from benchmarks.trackers.servers import Field
from benchmarks.trackers.side import LIMITED

SLOW = 0.02  # of the calls, for what takes milliseconds each
ROOM = "1m"  # of the small file system


@dataclass(frozen=True)
class Case:
    """A contestant and what is wrong around it."""

    who: Contestant
    full: bool = False

    @property
    def name(self) -> str:
        return self.who.name


def measure(report: Report, field: Field) -> None:
    calls, times = (2_000, 1) if report.quick else (20_000, 3)
    report.section(f"log of two values with a step, {calls:,} calls, {times} fresh processes each")
    with ExitStack() as stack:
        cases = [Case(who) for who in CLIENTS]
        cases[1:1] = _in_trouble(CLIENTS[0], stack)
        cases += [Case(who) for who in _to_its_server(report, field)]
        found = rounds.taken(report, cases, times, partial(_ask, report, calls))
        limits = rounds.medians([_raw(calls) for _ in range(times)])
    found["raw limit: os.write of such lines"] = limits
    for name, facts in found.items():
        report.add(name, **_row(facts), **rounds.ratio(found, name, "median", to=CLIENTS[0].name))


def _in_trouble(who: Contestant, stack: ExitStack) -> list[Case]:
    hole = stack.enter_context(black_hole())
    told = {"WHIRR_SERVER_URL": hole, "WHIRR_TOKEN": "bench"}
    return [
        Case(replace(who, name=f"{who.name}, server is a black hole", settings=told)),
        Case(replace(who, name=f"{who.name}, disk is full"), full=True),
    ]


def _to_its_server(report: Report, field: Field) -> list[Contestant]:
    names = {
        "of_mlflow": "mlflow, to its server",
        "of_mlflow_async": "mlflow, to its server, async",
    }
    try:
        settings = {"MLFLOW_TRACKING_URI": field.mlflow().url}
    except Broken as error:
        for name in names.values():
            report.remark(name, f"not measured: {error}")
        return []
    return [
        Contestant(name, peers.MLFLOW, library, SLOW, settings) for library, name in names.items()
    ]


def _ask(report: Report, calls: int, case: Case) -> Facts:
    number = max(20, int(calls * case.who.share))
    with rounds.project() as folder:
        case.who.prepare(folder)
        if case.full:
            return _ask_on_full_disk(report, number, case, folder)
        facts = case.who.ask("log", number, folder=folder)
        try:
            points = case.who.ask("stored", folder=folder)["points"]
        except Broken as error:
            report.remark(case.name, f"could not be read back: {error}")
        else:
            facts["stored_percent"] = 100 * points / (2 * number)
        return facts


def _ask_on_full_disk(report: Report, number: int, case: Case, folder: Path) -> Facts:
    with small_disk() as disk:
        if disk is None:
            report.remark(
                case.name, "no file of it can grow (RLIMIT_FSIZE): no tmpfs can be mounted"
            )
            return case.who.ask("log", number, LIMITED, folder=folder)
        report.remark(case.name, f"a tmpfs of {ROOM}, full before the first call")
        data = {"WHIRR_DATA_DIR": str(disk / "data")}
        return case.who.ask("log", number, disk / "filler", folder=folder, **data)


@contextmanager
def small_disk() -> Iterator[Path | None]:
    """A small file system, where this user may mount one."""
    with tempfile.TemporaryDirectory(prefix="whirr-bench-disk-") as name:
        mount = ["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", name]
        if subprocess.run(mount, capture_output=True, check=False).returncode:
            yield None
            return
        try:
            yield Path(name)
        finally:
            serving.until(partial(_unmounted, name), what=f"{name} is unmounted")


def _unmounted(name: str) -> bool:
    return not subprocess.run(["umount", name], capture_output=True, check=False).returncode


@contextmanager
def black_hole() -> Iterator[str]:
    """The address of somebody who takes connections and bytes, and never answers."""
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def _row(facts: Facts) -> Row:
    row = {
        "calls": facts["calls"],
        "median_us": facts["median"] * 1e6,
        "p99_us": facts["p99"] * 1e6,
        "worst_us": facts["worst"] * 1e6,
        "finish_ms": facts["finish"] * 1e3,
        "until_durable_us_a_call": facts["durable"] / facts["calls"] * 1e6,
    }
    return row | {name: facts[name] for name in ("peak_MiB", "stored_percent") if name in facts}


def _raw(calls: int) -> Facts:
    """Each line with one write, and nothing else."""
    with tempfile.TemporaryFile() as file:
        found = [
            timed(partial(os.write, file.fileno(), line))
            for line in lines.metrics(calls).splitlines(keepends=True)
        ]
    ordered = sorted(found)
    return {
        "calls": calls,
        "median": ordered[len(ordered) // 2],
        "p99": percentile(found, 99),
        "worst": ordered[-1],
        "finish": 0.0,
        "durable": sum(found),
    }
