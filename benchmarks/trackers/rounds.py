"""Contestants take turns, and each figure is the median of its rounds: a machine that slows down does so for all."""

import statistics
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar

from benchmarks.measuring import Report, Row
from benchmarks.serving import environment
from benchmarks.trackers.peers import Broken

Facts = dict[str, Any]


class Named(Protocol):
    @property
    def name(self) -> str: ...


Who = TypeVar("Who", bound=Named)


def taken(
    report: Report, everybody: Sequence[Who], rounds: int, ask: Callable[[Who], Facts]
) -> dict[str, Facts]:
    """The medians of each one's numbers. Who breaks is remarked in the current section and asked no more."""
    told: dict[str, list[Facts]] = {who.name: [] for who in everybody}
    for turn in range(rounds):
        print(f"  round {turn + 1} of {rounds}", file=sys.stderr, flush=True)
        for who in everybody:
            if len(told[who.name]) < turn:
                continue
            try:
                told[who.name].append(ask(who))
            except Broken as error:
                report.remark(who.name, f"not measured: {error}")
                told[who.name].clear()
    return {name: medians(some) for name, some in told.items() if some}


def medians(some: Sequence[Facts]) -> Facts:
    """Of each number; every round has the same ones."""
    return {name: statistics.median(each[name] for each in some) for name in some[0]}


def ratio(found: dict[str, Facts], name: str, fact: str, *, to: str) -> Row:
    """How many times that of `to` it is; nothing where `to` was not measured."""
    if to not in found or not found[to][fact]:
        return {}
    return {f"times_{to.split(',')[0]}": found[name][fact] / found[to][fact]}


@contextmanager
def project() -> Iterator[Path]:
    """A folder with a small git repository and a change in it: a commit and a diff to capture."""
    with tempfile.TemporaryDirectory(prefix="whirr-bench-") as name:
        folder = Path(name)
        make_repository(folder)
        yield folder


def make_repository(folder: Path) -> None:
    (folder / "train.py").write_text("print('one')\n")
    who = ["-c", "user.name=bench", "-c", "user.email=bench@localhost"]
    for words in (["init", "--quiet"], ["add", "."], [*who, "commit", "--quiet", "-m", "one"]):
        git(folder, *words)
    (folder / "train.py").write_text("print('two')\n")


def git(folder: Path, *words: str) -> None:
    subprocess.run(["git", *words], cwd=folder, env=environment(), check=True)
