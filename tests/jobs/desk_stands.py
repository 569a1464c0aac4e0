"""Stand-ins for what the desk of held requests talks to: a call that may hang up, and the database."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from jobs.calling import Waiting
from jobs.errors import DomainError, NotFound
from jobs.models import Worker
from jobs.syncing import Ask, Orders


@dataclass(frozen=True)
class NamedJob:
    pk: int


class Handed(int):
    """An order, as far as the desk looks at one: the number of its job."""

    @property
    def job(self) -> NamedJob:
        return NamedJob(int(self))


class FakeCall:
    """As much of a Call as the desk uses."""

    def __init__(self) -> None:
        self.gone = asyncio.Event()
        self.when_gone: list[Callable[[], None]] = []

    def watch(self) -> None:
        """Nobody hangs up unless the test says so."""

    def hang_up(self) -> None:
        self.gone.set()
        for told in self.when_gone:
            told()


class Queue:
    """Stands for the database: jobs by number, who may have which, and every exchange that was made."""

    def __init__(self) -> None:
        self.jobs: list[int] = []
        self.forbidden: set[tuple[str, int]] = set()
        self.batches: list[list[str]] = []
        self.broken: set[str] = set()
        self.serials: dict[str, int] = {}

    def exchange_all(
        self, asks: Sequence[Ask], *, now: datetime, sweep: bool
    ) -> list[Orders | DomainError]:
        names = [ask.worker_id for ask in asks]
        self.batches.append(names)
        if self.broken & set(names):
            raise RuntimeError(f"cannot serve {names}")
        return [self.answer(ask) for ask in asks]

    def answer(self, ask: Ask) -> Orders | DomainError:
        name = ask.worker_id
        if name == "unknown":
            return NotFound("no such worker")
        if ask.serial is None:
            self.serials[name] = self.serials.get(name, 0) + 1
        elif ask.serial != self.serials[name]:
            return Orders(ask.serial, Worker(worker_id=name), released=True)
        found = next((job for job in self.jobs if (name, job) not in self.forbidden), None)
        if found is None:
            return Orders(self.serials[name], Worker(worker_id=name))
        self.jobs.remove(found)
        return Orders(
            self.serials[name],
            Worker(worker_id=name),
            jobs=[cast("Any", Handed(found))],
        )

    def who(self, waiting: Sequence[Waiting], *, now: datetime) -> dict[int, set[int]]:
        """It does not know what is forbidden, as the real one does not know of reservations."""
        chosen: dict[int, set[int]] = {}
        for job in self.jobs:
            able = [
                at
                for at, each in enumerate(waiting)
                if at not in chosen and job not in each.in_vain
            ]
            if able:
                chosen[able[0]] = {job}
        return chosen

    def looks(self, name: str) -> int:
        return sum(names.count(name) for names in self.batches)
