"""The signal that a job wishes to be stopped with reaches who listens to it, and kills nobody who does not."""

import sys

import pytest

from tests.agent.conftest import AgentProcess
from tests.agent.fake_server import FakeServer
from tests.agent.test_killing import begin
from tests.agent.watching import alive

TRAINING = """
import os, signal, sys
def save(*_):
    print("saved", flush=True)
    sys.exit(0)
signal.signal(signal.SIGUSR1, save)
{more}
print("ready", flush=True)
while True:
    signal.pause()
"""
LOADER = """
if not os.fork():
    signal.pause()
    print("a data loader was disturbed", flush=True)
"""
FETCHED = """
import signal, threading
signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGUSR1])
waiter = threading.Thread(target=signal.sigwait, args=([signal.SIGUSR1],))
waiter.start()
print("ready", flush=True)
waiter.join()
print("saved", flush=True)
"""


def stop(server: FakeServer, *command: str, **more: object) -> tuple[int, int]:
    key = server.submit(*command, stop_signal="SIGUSR1", **more)
    server.log_with(key, b"ready")
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    return key


def test_a_training_is_asked_as_it_wished(agent: AgentProcess, server: FakeServer) -> None:
    key = stop(server, sys.executable, "-c", TRAINING.format(more=""))
    assert server.log(key) == b"ready\nsaved\n"


def test_a_shell_around_it_is_passed_over(agent: AgentProcess, server: FakeServer) -> None:
    """It has no handler: the signal would end it, and the training would be ended as what it left behind."""
    script = '"$0" -c "$1"; echo "then $?"'
    key = stop(server, "bash", "-c", script, sys.executable, TRAINING.format(more=""))
    assert server.log(key) == b"ready\nsaved\nthen 0\n"


def test_what_is_below_the_listener_is_left_to_it(agent: AgentProcess, server: FakeServer) -> None:
    key = stop(server, sys.executable, "-c", TRAINING.format(more=LOADER))
    assert server.log(key) == b"ready\nsaved\n"


def test_who_fetches_the_signal_listens_too(agent: AgentProcess, server: FakeServer) -> None:
    key = stop(server, sys.executable, "-c", FETCHED)
    assert server.log(key) == b"ready\nsaved\n"


def test_two_listeners_side_by_side_are_both_asked(agent: AgentProcess, server: FakeServer) -> None:
    """As ranks below a launcher that knows nothing of the signal."""
    rank = TRAINING.format(more="").replace('"ready"', '"up"')
    script = '"$0" -c "$1" & "$0" -c "$1" & '
    script += 'until [ "$(grep -c up "$WHIRR_RUN_DIR/output.log")" = 2 ]; do sleep 0.02; done; '
    key = stop(server, "sh", "-c", script + "echo ready; wait", sys.executable, rank)
    assert server.log(key).count(b"saved") == 2


def test_where_nobody_listens_it_is_sigterm(
    agent: AgentProcess, server: FakeServer, nap: str
) -> None:
    script = "trap 'echo asked to end; exit' TERM; sleep {nap} & wait"
    key = begin(server, script, nap, stop_signal="SIGUSR1")
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert server.log(key).endswith(b"asked to end\n")
    assert not alive(nap)


@pytest.mark.parametrize("wish", ["SIGUSR1", "SIGTERM"])
def test_who_does_not_end_is_killed_after_the_grace(
    agent: AgentProcess, server: FakeServer, nap: str, wish: str
) -> None:
    script = "trap 'echo noticed' TERM USR1; while :; do sleep {nap} & wait; done"
    key = begin(server, script, nap, stop_signal=wish, grace_seconds=0.5)
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert b"noticed" in server.log(key)
    assert not alive(nap)
