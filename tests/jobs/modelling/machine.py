"""What agents, workers and the clock do: the rest of the machine's steps."""

from datetime import timedelta
from typing import Any

from hypothesis import strategies as st
from hypothesis.stateful import rule

from jobs import cancelling, finishing, leases, overtime, pulse, workers
from jobs.errors import IllegalMove, LeaseLost
from jobs.finishing import Outcome
from jobs.owning import OVERDUE_AFTER
from tests.jobs.modelling.base import Base
from tests.jobs.modelling.model import Pair, Task
from tests.jobs.modelling.people import NEEDS, PICK, USERS, People
from tests.jobs.modelling.requeues import Requeues

GRACE = timedelta(seconds=120)
AGENT = st.integers(0, 3)
OUTCOMES = st.sampled_from(
    [
        ("exited", 0),
        ("exited", 0),
        ("exited", 1),
        ("exited", 3),
        ("exited", 85),
        ("cancelled", None),
        ("timed_out", None),
        ("never_started", None),
        ("never_started", None),
        ("worker_shutdown", None),
        ("lost", None),
    ]
)
OFTEN_NOT = st.sampled_from([True, False, False])
VERDICTS = {
    "cancelled": ("cancelled", "cancelled_by"),
    "timed_out": ("timed_out", "time_limit"),
    "never_started": ("failed", "never_started"),
    "worker_shutdown": ("preempted", "worker_shutdown"),
    "lost": ("lost", "worker_lost"),
}


class Agents(Base):
    @rule(at=AGENT, accepting=st.sampled_from([True, True, True, False]))
    def sync(self, at: int, accepting: bool) -> None:
        agent = self.agents[at]
        report = agent.report(accepting=accepting)
        agent.late = [*agent.late[-2:], report]
        orders = self.deliver(agent, report)
        if orders is None:
            self.register(agent)
        else:
            agent.hears(orders)

    @rule()
    def everybody_syncs(self) -> None:
        for agent in self.agents:
            orders = self.deliver(agent, agent.report(accepting=True))
            if orders is not None:
                agent.hears(orders)

    @rule(ends=st.lists(OUTCOMES, min_size=1, max_size=4))
    def a_round_of_work(self, ends: list[Any]) -> None:
        """What runs ends, and everybody asks for more."""
        for agent in self.agents:
            for number, pair in enumerate(sorted(agent.held)):
                end = agent.told.setdefault(pair, ends[number % len(ends)])
                self.report_end(pair, agent.node.name, *end)
            agent.drop(set(agent.held))
        self.the_contract_holds()
        self.everybody_syncs()

    @rule(at=AGENT, pick=PICK)
    def an_old_request_arrives(self, at: int, pick: int) -> None:
        """The network kept it; nobody hears the answer."""
        agent = self.agents[at]
        if agent.late:
            self.deliver(agent, agent.late[pick % len(agent.late)])

    @rule(at=AGENT, pick=PICK, end=OUTCOMES, answered=st.booleans())
    def finish(self, at: int, pick: int, end: Any, answered: bool) -> None:
        """A report that got no answer is repeated, word for word."""
        agent = self.agents[at]
        if not agent.held:
            return
        pair = sorted(agent.held)[pick % len(agent.held)]
        outcome, code = agent.told.setdefault(pair, end)
        self.report_end(pair, agent.node.name, outcome, code)
        if answered:
            agent.drop({pair})

    @rule(pick=PICK, end=OUTCOMES, foreign=st.booleans(), stale=st.booleans())
    def a_stray_end(self, pick: int, end: Any, foreign: bool, stale: bool) -> None:
        """Of any attempt, however old; of one that was superseded; or of one of another worker."""
        pairs = [
            (task.pk, number)
            for task in self.model.tasks.values()
            for number in range(1, len(task.tries) + 1)
            if not stale or (task.status == "running" and number < len(task.tries))
        ]
        if not pairs:
            return
        pair = pairs[-1 - pick % len(pairs)]
        attempt = self.model.tasks[pair[0]].tries[pair[1] - 1]
        if attempt.status == "running" and not foreign:
            return  # that is no stray one
        self.report_end(pair, "stranger" if foreign else attempt.worker, *end)

    def report_end(self, pair: Pair, worker: str, outcome: str, code: int | None) -> None:
        task = self.model.tasks[pair[0]]
        attempt = task.tries[pair[1] - 1]
        ours = pair[1] == len(task.tries) and worker == attempt.worker
        comes_back = attempt.status == "lost" and outcome != "lost"
        allowed = ours and (not comes_back or self.model.may_come_back(pair))
        report = finishing.Report(worker, Outcome(outcome), code)
        try:
            job = finishing.finish(*pair, report, now=self.now)
        except LeaseLost:
            assert not allowed, f"{pair} of {worker}: {outcome} was refused: {task}"
            return
        assert allowed, f"{pair} of {worker}: {outcome} was accepted, though {task}"
        if comes_back:
            self.model.reinstate(task, None, self.now, 60)
        elif self.model.was_requeued(pair):
            self.after_requeue(task, outcome, code)
        if attempt.status == "running":
            self.model.end(task, *self.verdict(outcome, code), self.now, code=code)
        assert job.status == task.status

    def after_requeue(self, task: Task, outcome: str, code: int | None) -> None:
        if self.verdict(outcome, code)[0] == "succeeded":  # then it is not done again
            self.model.reinstate(task, None, self.now, task.lease_seconds)
        else:
            self.model.is_over(task, self.now)

    def verdict(self, outcome: str, code: int | None) -> tuple[str, str]:
        plain = ("failed", "exit_nonzero") if code else ("succeeded", "ok")
        if code == 85:
            plain = ("preempted", "preempted")
        return VERDICTS.get(outcome, plain)


class Time(Base):
    @rule(seconds=st.sampled_from([1, 5, 20, 61, 61, 130, OVERDUE_AFTER + 131]))
    def time_passes(self, seconds: int) -> None:
        self.advance(seconds)

    @rule(what=st.sampled_from(["leases", "limits", "all", "alive"]))
    def sweep(self, what: str) -> None:
        if what == "leases":
            leases.requeue_expired(now=self.now)
            self.lose_expired()
        elif what == "alive":
            pulse.say_alive(now=self.now)
            self.alive = self.now
        else:
            self.look_for_overdue(what)

    def look_for_overdue(self, what: str) -> None:
        if what == "all":
            pulse.sweep(now=self.now)
            self.lose_expired()
        else:
            overtime.end_overdue(now=self.now)
        for task in self.running():
            if task.overdue and task.overdue < self.now:
                task.tries[-1].overruled = True
                self.model.end(task, "timed_out", "time_limit", self.now)

    @rule(seconds=st.sampled_from([1, 90]))
    def the_server_restarts(self, seconds: int) -> None:
        """Nobody could renew meanwhile: every lease lasts for the grace at least."""
        self.advance(seconds)
        pulse.begin(now=self.now)
        self.alive = self.now
        until = self.now + GRACE
        for task in self.running():
            task.lease = max(task.lease or until, until)
            task.overdue = max(task.overdue, until) if task.overdue else None


class Workers(Base):
    @rule(at=AGENT, verb=st.sampled_from(["draining", "disabled"]), on=OFTEN_NOT)
    def tell_worker(self, at: int, verb: str, on: bool) -> None:
        node = self.agents[at].node
        if node.there:
            getattr(workers, f"set_{verb}")(node.name, on, actor="eve", now=self.now)
            setattr(node, verb, on)
            if on:
                self.model.takes_nothing(node)

    @rule(at=AGENT, how=st.sampled_from(["restarts", "says goodbye", "is deleted"]))
    def worker_goes(self, at: int, how: str) -> None:
        """A restarted agent remembers nothing: its attempts end by their leases."""
        agent, node = self.agents[at], self.agents[at].node
        if how == "restarts":
            agent.forgets()
            self.register(agent)
        elif how == "is deleted":
            self.delete_worker(at)
        elif node.there:
            workers.unregister(node.name, now=self.now)
            node.online, node.seen = False, self.now
            self.model.takes_nothing(node)

    def delete_worker(self, at: int) -> None:
        node = self.agents[at].node
        if not node.there:
            return
        owns = any(attempt.worker == node.name for _, attempt in self.model.running())
        try:
            workers.delete(node.name, actor="eve", now=self.now)
        except IllegalMove:
            assert owns or node.is_online(self.now)
            return
        assert not owns and not node.is_online(self.now)
        node.there = False
        self.model.takes_nothing(node)

    @rule(at=AGENT)
    def away_and_forgotten(self, at: int) -> None:
        """Silent for so long that its worker is deleted; then it comes back with what it holds."""
        self.advance(90)
        leases.requeue_expired(now=self.now)
        self.lose_expired()
        self.delete_worker(at)
        self.register(self.agents[at])


class QueueMachine(Agents, People, Requeues, Time, Workers):
    """Everything that can happen to the queue, in any order."""

    @rule(at=AGENT, user=USERS, needs=NEEDS, heard=st.booleans())
    def an_answer_gets_lost(self, at: int, user: str, needs: Any, heard: bool) -> None:
        """The agent asks again in the same words; meanwhile there is more to be had."""
        agent = self.agents[at]
        self.submit(user, {}, {}, [])
        self.deliver(agent, agent.report(accepting=True))
        self.submit(user, needs, {}, [])
        orders = self.deliver(agent, agent.report(accepting=True))
        if orders is not None and heard:
            agent.hears(orders)

    @rule(at=AGENT, patience=st.sampled_from([61, 130]), doomed=st.booleans())
    def a_silence(self, at: int, patience: int, doomed: bool) -> None:
        """Leases run out; one agent has forgotten everything, the others come back with what they hold."""
        self.everybody_syncs()
        self.the_contract_holds()
        for task in self.running()[:1] if doomed else []:
            cancelling.cancel(task.pk, actor="eve", now=self.now)
            self.wish_gone([task])
        self.advance(patience)
        leases.requeue_expired(now=self.now)
        self.lose_expired()
        self.the_contract_holds()
        self.agents[at].forgets()
        self.register(self.agents[at])
        for agent in self.agents[at:] + self.agents[:at]:
            orders = self.deliver(agent, agent.report(accepting=True))
            if orders is not None:
                agent.hears(orders)
