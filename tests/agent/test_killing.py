"""When a job is over, nothing of it lives."""

import signal

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.families import FAMILIES
from tests.agent.watching import alive, asleep, must_be_gone, wait_for

# A process that gave up session, parent, environment and output is found only when no guard has to look for it.
TRACELESS = {"no environment and no output"}


def begin(server: FakeServer, script: str, nap: str, **more: object) -> tuple[int, int]:
    """A job that is known to have got going."""
    key = server.submit("sh", "-c", "echo begun; " + script.format(nap=nap), **more)
    wait_for(lambda: asleep(nap), "it never got going")  # first: a time limit may end it soon
    server.log_with(key, b"begun")
    return key


@pytest.mark.parametrize("family", FAMILIES)
def test_a_cancel_ends_the_whole_tree(
    agent: AgentProcess, server: FakeServer, nap: str, family: str
) -> None:
    key = begin(server, FAMILIES[family], nap, grace_seconds=1)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not alive(nap)


@pytest.mark.parametrize("family", FAMILIES)
def test_a_time_limit_ends_the_whole_tree(
    agent: AgentProcess, server: FakeServer, nap: str, family: str
) -> None:
    key = begin(server, FAMILIES[family], nap, grace_seconds=0.5, timeout_seconds=1)
    assert server.outcome(key)["outcome"] == "timed_out"
    assert not alive(nap)


@pytest.mark.parametrize("family", FAMILIES)
def test_two_signals_to_the_agent_end_the_whole_tree(
    agent: AgentProcess, server: FakeServer, nap: str, family: str
) -> None:
    key = begin(server, FAMILIES[family], nap, grace_seconds=0.5)
    agent.send(signal.SIGTERM)
    server.wait_for(lambda: not server.syncs[-1]["accepting"])
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0
    assert server.outcome(key)["outcome"] == "worker_shutdown"
    assert not alive(nap)


def test_a_cancel_is_polite_first(agent: AgentProcess, server: FakeServer, nap: str) -> None:
    polite = "trap 'echo saved; exit 0' TERM; sleep {nap} & wait"
    key = begin(server, polite, nap)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert b"saved" in server.log(key)


def test_who_ignores_the_signal_is_killed_after_the_grace(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    stubborn = "trap '' TERM; while :; do sleep {nap}; done"
    key = begin(server, stubborn, nap, grace_seconds=0.5)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert not alive(nap)


def test_what_a_job_leaves_behind_ends_with_it(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    key = server.submit("sh", "-c", f"setsid sleep {nap} & (setsid sleep {nap} &) ; exit 0")
    outcome = server.outcome(key)
    assert (outcome["outcome"], outcome["exit_code"]) == ("exited", 0)
    assert not alive(nap)


def test_the_neighbour_lives_on(server: FakeServer, start: Start, nap: str) -> None:
    start("--slots", "2")
    quiet = server.submit("sh", "-c", f"echo begun; setsid sleep {nap} & wait")
    server.log_with(quiet, b"begun")
    server.outcome(server.submit("sh", "-c", "setsid sleep 0.01 & exit 0"))
    assert len(asleep(nap)) >= 1
    server.cancel(quiet)
    assert server.outcome(quiet)["outcome"] == "cancelled"


def test_a_time_limit_ends_a_job(agent: AgentProcess, server: FakeServer, nap: str) -> None:
    key = server.submit("sleep", nap, timeout_seconds=0.3)
    outcome = server.outcome(key)
    assert outcome["outcome"] == "timed_out"
    assert "0.3 s" in outcome["error_message"]
    assert not alive(nap)


def test_a_lost_lease_ends_the_tree_and_not_a_byte_more_is_sent(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    key = begin(server, "trap 'echo last words; exit' TERM; sleep {nap} & wait", nap)
    server.lose(key)
    must_be_gone(nap)
    agent.delivered()
    assert b"last words" not in server.log(key)
    assert server.finishes[key] == []


def test_a_lost_attempt_is_not_asked_about_again_while_it_ends(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    key = begin(
        server, "trap '' TERM; sleep {nap} & while :; do sleep 0.1; done", nap, grace_seconds=2
    )
    told = len(server.syncs)
    server.lose(key)
    without = server.wait_for(lambda: [each for each in server.syncs[told:] if not each["running"]])
    assert without[0]["free_slots"] == 0  # its processes are still there
    before = len(server.syncs)
    must_be_gone(nap)
    server.wait_for(lambda: server.syncs[-1]["free_slots"] == 1)
    assert len(server.syncs) - before <= 3


def test_a_refused_write_is_a_lost_lease(agent: AgentProcess, server: FakeServer, nap: str) -> None:
    key = begin(server, "while sleep 0.05; do echo more; done & sleep {nap}", nap)
    server.superseded.add(key)
    must_be_gone(nap)
    agent.delivered()
    assert server.finishes[key] == []


@pytest.mark.parametrize("family", sorted(FAMILIES.keys() - TRACELESS))
def test_kill_9_of_the_agent_leaves_no_process(
    agent: AgentProcess, server: FakeServer, nap: str, family: str
) -> None:
    begin(server, FAMILIES[family], nap)
    agent.send(signal.SIGKILL)
    must_be_gone(nap)


@pytest.mark.parametrize("family", ["own session", "double fork", "stopped"])
def test_an_agent_that_was_stopped_and_is_killed_leaves_no_process(
    agent: AgentProcess, server: FakeServer, nap: str, family: str
) -> None:
    begin(server, FAMILIES[family], nap)
    agent.send(signal.SIGSTOP)
    agent.send(signal.SIGKILL)
    must_be_gone(nap)


def test_an_agent_that_wakes_up_after_its_lease_ends_what_is_not_its_own_any_more(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    key = begin(server, FAMILIES["double fork"], nap)
    agent.send(signal.SIGSTOP)
    server.lose(key)
    assert alive(nap)
    agent.send(signal.SIGCONT)
    must_be_gone(nap)
    agent.delivered()
    assert server.finishes[key] == []


def test_an_exclusive_job_is_stopped_before_its_lease_can_be_given_away(
    server: FakeServer, start: Start, nap: str
) -> None:
    agent = start("--lease-seconds", "10")
    key = begin(server, "sleep {nap} & wait", nap, exclusive=True)
    server.stop()
    must_be_gone(nap)
    wait_for(lambda: "lease could not be renewed" in agent.log)
    server.start()
    assert server.outcome(key)["outcome"] == "lost"


def test_an_ordinary_job_goes_on_without_the_server(
    agent: AgentProcess, server: FakeServer
) -> None:
    key = server.submit("sh", "-c", "echo begun; sleep 0.6; echo went on")
    server.log_with(key, b"begun")
    server.stop()
    wait_for(lambda: "exited with 0" in agent.log)
    server.start()
    assert server.outcome(key)["exit_code"] == 0
    assert server.log(key) == b"begun\nwent on\n"
