"""What every step of the machine shares: the clock, the model, the rollback of an example's rows."""

import logging
from datetime import UTC, datetime, timedelta

from django.db import transaction
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant

from jobs import pulse, requirements, workers
from jobs.owning import OVERDUE_AFTER
from jobs.syncing import Orders, Report
from jobs.workers import Hardware
from tests.jobs.modelling.agents import Agent
from tests.jobs.modelling.exchanges import Exchange
from tests.jobs.modelling.model import FINAL, Model, Task
from tests.jobs.modelling.nodes import Node
from tests.jobs.modelling.reality import Reality, check_invariants, check_same

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)
FAST = frozenset({"fast"})


def hardware() -> list[Node]:
    """A node of four GPUs, one of two unequal ones, one of one, one without."""
    return [
        Node("big", {0: 40, 1: 40, 2: 40, 3: 40}, 1, FAST),
        Node("odd", {0: 16, 1: 40}, 1, frozenset()),
        Node("one", {0: 40}, 1, FAST),
        Node("cpu", {}, 2, frozenset()),
    ]


class Complaints(logging.Handler):
    """Sweeps log what they could not do and go on; here that is a failure."""

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.heard: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.heard.append(self.format(record))


class Base(RuleBasedStateMachine):
    """An example is a savepoint that is rolled back, so that hundreds of them share one test's database."""

    def __init__(self) -> None:
        super().__init__()
        requirements.forget()
        self.example = transaction.atomic()
        self.example.__enter__()
        self.complaints = Complaints()
        logging.getLogger("jobs").addHandler(self.complaints)
        self.now = NOON
        self.alive: datetime | None = None  # the last sign of life of a web process
        self.model = Model(hardware(), patience=OVERDUE_AFTER)
        self.agents = [Agent(node) for node in self.model.nodes.values()]
        self.ended: dict[int, str] = {}

    def teardown(self) -> None:
        logging.getLogger("jobs").removeHandler(self.complaints)
        transaction.set_rollback(True)
        self.example.__exit__(None, None, None)

    @initialize()
    def everybody_registers(self) -> None:
        for agent in self.agents:
            self.register(agent)

    @invariant()
    def the_contract_holds(self) -> None:
        real = Reality.read()
        self.model.fill_arrays(real.queued())
        check_invariants(self.model, real, self.ended)
        check_same(self.model, real)
        assert not self.complaints.heard, self.complaints.heard
        tasks = self.model.tasks.values()
        self.ended |= {task.pk: task.status for task in tasks if task.status in FINAL}

    def register(self, agent: Agent) -> None:
        node = agent.node
        gpus = [
            {"index": index, "name": "A100", "uuid": f"GPU-{index}", "memory_mb": memory}
            for index, memory in node.gpus.items()
        ]
        told = Hardware(f"{node.name}.example", gpus, slots=node.slots, tags=sorted(node.tags))
        workers.register(node.name, told, session=agent.session, now=self.now)
        if not node.there:
            node.there, node.birth = True, node.birth + 1
            node.draining = node.disabled = False
        node.seen, node.online = self.now, True

    def deliver(self, agent: Agent, report: Report) -> Orders | None:
        exchange = Exchange(self.model, agent.node, report, self.now, self.web_is_alive())
        return exchange.deliver()

    def web_is_alive(self) -> bool:
        return self.alive is not None and self.alive > self.now - pulse.SILENT_AFTER

    def advance(self, seconds: int) -> None:
        self.now += timedelta(seconds=seconds)

    def some_task(self, pick: int, *statuses: str) -> Task | None:
        """One of the jobs, of these states where some are named: 0 is the newest. None where there is none."""
        found = [
            task for task in self.model.tasks.values() if not statuses or task.status in statuses
        ]
        return found[-1 - pick % len(found)] if found else None

    def lose_expired(self) -> None:
        for task in self.running():
            if task.lease and task.lease < self.now:
                task.tries[-1].swept = True
                self.model.end(task, "lost", "worker_lost", self.now)

    def running(self) -> list[Task]:
        return [task for task, _ in self.model.running()]
