"""What is wrong with machines at this moment, a line each, the worst first."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from dashboard import words
from dashboard.nodes import Node
from jobs.phrases import some
from jobs.versions import Age

NAMED = 6


@dataclass(frozen=True, slots=True)
class Trouble:
    """`tone` is bad or warn; `worker` is whose card tells more."""

    worker: str
    text: str
    tone: str = "warn"


@dataclass(frozen=True, slots=True)
class Idle:
    """GPUs that nobody uses though jobs wait. `why` is what most of those jobs say."""

    gpus: int
    jobs: int
    workers: list[str]
    why: str

    @property
    def where(self) -> str:
        return some(self.workers, most=NAMED)


def troubles(nodes: Sequence[Node], *, since: datetime, now: datetime) -> list[Trouble]:
    """Disks, GPUs, agents; one that went away is news only if that was after `since`."""
    found = [each for node in nodes for each in _of(node, since=since, now=now)]
    return sorted(found, key=lambda each: each.tone != "bad")


def _of(node: Node, *, since: datetime, now: datetime) -> list[Trouble]:
    worker = node.view.worker
    name = worker.worker_id
    if node.is_offline:
        ago = words.ago((now - worker.heartbeat_at).total_seconds())
        how = "fell silent" if worker.online else "was shut down"
        tone = "bad" if worker.online else "warn"
        return [Trouble(name, f"{how} {ago}", tone)] if worker.heartbeat_at > since else []
    found = []
    if node.takes_nothing:
        found.append(Trouble(name, "its disk is full: it takes no jobs until there is room", "bad"))
    if node.trouble:
        found.append(Trouble(name, node.trouble, "bad"))
    for device in node.devices:
        found += [Trouble(name, blocked.text) for blocked in device.out]
        if device.is_hot:
            found.append(
                Trouble(
                    name, f"GPU {device.index} is at {device.temperature:.0f} °C and may slow down"
                )
            )
    if node.view.skew.age in (Age.TOO_OLD, Age.TOO_NEW):
        found.append(Trouble(name, f"its agent {node.view.skew.note}"))
    return found


def idle(nodes: Sequence[Node], waiting: Sequence[str], *, jobs: int) -> Idle | None:
    """Free GPUs on workers that take jobs, while `jobs` are ready to start; `waiting` are reasons of some of them."""
    free = {
        node.view.worker.worker_id: sum(
            1 for device in node.devices if device.attempt is None and not device.out
        )
        for node in nodes
        if node.takes_jobs
    }
    there = {name: count for name, count in free.items() if count}
    if not there or not jobs:
        return None
    common = max(set(waiting), key=waiting.count) if waiting else ""
    return Idle(sum(there.values()), jobs, sorted(there), common)
