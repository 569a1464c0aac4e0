"""The agent: what it costs a node, idle and at work, beside the worker of whirr 0.5.3 from PyPI."""

import sys
import tempfile
from functools import partial
from pathlib import Path

# Run as a file, this folder comes first on the path, and its queue.py would be everybody's `queue`.
sys.path.pop(0)
sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks import serving
from benchmarks.agents import contestants, shipping, weighing
from benchmarks.agents.contestants import GPUS
from benchmarks.agents.weighing import HOLD, Contestant
from benchmarks.measuring import Report, wants_quick
from benchmarks.serving import Stack


def main() -> None:
    report = Report("agent", quick=wants_quick(__doc__ or ""))
    # 0.5.3 knows no tokens.
    with (
        tempfile.TemporaryDirectory(prefix="whirr-bench-") as folder,
        serving.stack(with_agent=False, WHIRR_AUTH="none") as stack,
    ):
        program = contestants.one_file(Path(folder))
        everybody = contenders(stack, program)
        settle = 2 if report.quick else 10
        weighing.measure_bare(report, program[0], times=3 if report.quick else 10)
        for who in everybody:
            weighing.weigh(report, stack, who, settle=settle)
            weighing.measure_starts(report, who, times=2 if report.quick else 10)
            weighing.measure_idle_cpu(report, who, seconds=4 if report.quick else 2 * HOLD)
        shipping.measure(report, stack, everybody[0], seconds=1 if report.quick else 10)
    report.close()


def contenders(stack: Stack, program: list[str]) -> list[Contestant]:
    """One of ours serves a node; of whirr 0.5.3's, each GPU needs its own."""
    every = [["--gpu", "all"]]
    return [
        Contestant(
            "one file, python3 of the node",
            partial(contestants.ours, stack, program, "single"),
            every,
        ),
        Contestant(
            "installed, as `whirr up` starts it",
            partial(contestants.ours, stack, contestants.installed(), "installed"),
            every,
        ),
        Contestant(
            "whirr 0.5.3",
            partial(contestants.theirs, stack),
            [["--gpu", str(index)] for index in range(GPUS)],
        ),
    ]


if __name__ == "__main__":
    main()
