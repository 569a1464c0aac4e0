"""What a person does to a running attempt by hand, and what its agent says of it afterwards."""

from datetime import timedelta

from hypothesis import strategies as st
from hypothesis.stateful import rule

from jobs import requeuing
from jobs.errors import IllegalMove
from tests.jobs.modelling.base import Base
from tests.jobs.modelling.model import Pair, Task
from tests.jobs.modelling.people import PICK

ANSWER = timedelta(seconds=10)  # beyond lease and grace, says docs/queue.md
REPORTS = st.sampled_from([("exited", 0), ("exited", 1), ("exited", 85), ("cancelled", None)])


class Requeues(Base):
    @rule(pick=PICK)
    def somebody_requeues(self, pick: int) -> None:
        """Any job: what does not run, or was told to stop, is refused."""
        task = self.some_task(pick)
        if task is not None:
            self.requeue(task)

    @rule(pick=PICK, silence=st.sampled_from([0, 1, 40, 70]), end=REPORTS, heard=st.booleans())
    def a_requeue_and_the_end(
        self, pick: int, silence: int, end: tuple[str, int | None], heard: bool
    ) -> None:
        """Its agent reports some time later, whether it has heard before or not; then everybody asks for more."""
        task = self.some_task(pick, "running")
        if task is None or not self.requeue(task):
            return
        self.advance(silence)
        if heard:
            self.everybody_syncs()
        pair, number = (task.pk, len(task.tries)), len(task.tries)
        self.report_end(pair, task.tries[number - 1].worker, *end)
        self.the_contract_holds()
        self.everybody_syncs()

    @rule(pick=PICK, wait=st.sampled_from([60, 99, 100, 101]))
    def a_requeue_that_nobody_hears(self, pick: int, wait: int) -> None:
        """Nobody has the job before lease, grace and the last answer are over."""
        task = self.some_task(pick, "running")
        if task is not None and self.requeue(task):
            self.advance(wait)
            self.everybody_syncs()

    def requeue(self, task: Task) -> bool:
        runs, lease = task.status == "running" and not task.cancel, task.lease
        try:
            requeuing.requeue(task.pk, actor="eve", now=self.now)
        except IllegalMove:
            assert not runs, f"{task} was not requeued"
            return False
        assert runs, f"requeued though {task}"
        task.tries[-1].overruled = True
        self.model.end(task, "preempted", "preempted", self.now)
        heard = max(lease or self.now, self.now + timedelta(seconds=task.lease_seconds))
        over = heard + timedelta(seconds=task.grace) + ANSWER
        self.model.starts_from(task, max(over, task.not_before or self.now))
        return True

    def everybody_syncs(self) -> None:
        """A step of the agents."""
        raise NotImplementedError

    def report_end(self, pair: Pair, worker: str, outcome: str, code: int | None) -> None:
        """A step of the agents."""
        raise NotImplementedError
