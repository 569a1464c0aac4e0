"""What a training script pays for the import line alone."""

import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.measuring import Report, timed
from benchmarks.trackers import peers, rounds
from benchmarks.trackers.peers import Broken, Package, environment, last_line
from benchmarks.trackers.side import peak_of

OURS = "whirr, and its library"
# The library itself is loaded on first use: the second row is what a training script pays.
TEXTS = (
    ("bare python", peers.OURS, "pass"),
    ("whirr", peers.OURS, "import whirr"),
    (OURS, peers.OURS, "import whirr; whirr.init"),
    ("whirr 0.5.3", peers.LEGACY, "import whirr"),
    ("trackio", peers.TRACKIO, "import trackio"),
    ("tensorboardX", peers.TENSORBOARDX, "import tensorboardX"),
    ("wandb", peers.WANDB, "import wandb"),
    ("aim", peers.AIM, "import aim"),
    ("mlflow", peers.MLFLOW, "import mlflow"),
)
STATUS = "; print(open('/proc/self/status').read())"


@dataclass(frozen=True)
class Script:
    name: str
    package: Package
    text: str

    def run(self, folder: Path) -> dict[str, Any]:
        """Seconds from start to end of a fresh process, and its peak. Raises Broken."""
        argv = [str(self.package.python()), "-c", self.text + STATUS]
        settings = environment(folder)
        done = subprocess.CompletedProcess[str](argv, 0)

        def start() -> None:
            nonlocal done
            done = subprocess.run(
                argv, cwd=folder, env=settings, capture_output=True, text=True, check=False
            )

        seconds = timed(start)
        if done.returncode:
            raise Broken(last_line(done.stderr))
        return {"seconds": seconds, "peak": peak_of(done.stdout)}


def measure(report: Report) -> None:
    """Fresh processes from start to end; memory is the peak."""
    times = 2 if report.quick else 7
    everybody = [Script(*each) for each in TEXTS]
    report.section(f"import, {times} fresh processes each")
    with rounds.project() as folder:
        rounds.taken(report, everybody, 1, lambda who: who.run(folder))  # the first one compiles
        found = rounds.taken(report, everybody, times, lambda who: who.run(folder))
    bare = found["bare python"]
    for facts in found.values():
        facts["extra"] = facts["seconds"] - bare["seconds"]
    for name, facts in found.items():
        row = {"median_ms": facts["seconds"] * 1e3, "peak_MiB": facts["peak"]}
        if name != "bare python":
            row |= {"extra_ms": facts["extra"] * 1e3, "extra_MiB": facts["peak"] - bare["peak"]}
            row |= rounds.ratio(found, name, "extra", to=OURS)
        report.add(name, **row)
