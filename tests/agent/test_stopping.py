"""The first signal stops taking work, the second ends it; and who may start at all."""

import signal
from pathlib import Path

import pytest

from tests.agent.conftest import INSTALLED, AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import alive, wait_for


def test_the_first_signal_lets_the_job_end(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    script = f"echo begun; while [ ! -e {gate} ]; do sleep 0.02; done; echo end"
    key = server.submit("sh", "-c", script)
    server.log_with(key, b"begun")
    agent.send(signal.SIGTERM)
    server.wait_for(lambda: not server.syncs[-1]["accepting"])
    late = server.submit("true")
    gate.touch()
    assert agent.wait() == 0
    assert server.outcome(key)["exit_code"] == 0
    assert server.log(key) == b"begun\nend\n"
    assert server.unregistered == 1
    assert not server.finishes[late]


def test_the_second_signal_ends_the_job(agent: AgentProcess, server: FakeServer, nap: str) -> None:
    key = server.submit("sh", "-c", f"echo begun; setsid sleep {nap} & wait")
    server.log_with(key, b"begun")
    agent.send(signal.SIGINT)
    server.wait_for(lambda: not server.syncs[-1]["accepting"])
    agent.send(signal.SIGINT)
    assert agent.wait() == 0
    assert server.outcome(key)["outcome"] == "worker_shutdown"
    assert not alive(nap)


def test_a_third_signal_leaves_no_grace(agent: AgentProcess, server: FakeServer, nap: str) -> None:
    key = server.submit("sh", "-c", f"trap '' TERM; echo begun; sleep {nap}; sleep {nap}")
    server.log_with(key, b"begun")
    for number in range(3):
        agent.send(signal.SIGTERM)
        wait_for(lambda: agent.log.count("told ") > number)  # noqa: B023
    assert agent.wait() == 0
    assert "killing the jobs" in agent.log
    assert server.outcome(key)["outcome"] == "worker_shutdown"
    assert not alive(nap)


def test_who_asks_again_need_not_wait_for_what_cannot_be_delivered(
    agent: AgentProcess, server: FakeServer
) -> None:
    """It lies on the disk, and goes out with the next start."""
    key = server.submit("sh", "-c", "echo begun")
    server.misbehave("/finish", times=10_000, status=503, perform=False)
    server.log_with(key, b"begun")
    agent.send(signal.SIGTERM)
    wait_for(lambda: "exited" in agent.log)

    def is_gone() -> bool:
        agent.send(signal.SIGTERM)
        return agent.process.poll() is not None

    wait_for(is_gone)
    assert agent.wait() == 0
    assert agent.records()
    assert "the next start" in agent.log


def test_a_closed_terminal_stops_it_and_never_counts_twice(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    """The shell and the kernel both say it: that must not kill a night's work."""
    gate = tmp_path / "gate"
    script = f"echo begun; while [ ! -e {gate} ]; do sleep 0.02; done; echo end"
    key = server.submit("sh", "-c", script)
    server.log_with(key, b"begun")
    agent.send(signal.SIGHUP)
    server.wait_for(lambda: not server.syncs[-1]["accepting"])
    agent.send(signal.SIGHUP)
    server.wait_for(lambda: server.syncs[-1]["running"])
    gate.touch()
    assert agent.wait() == 0
    assert server.outcome(key)["exit_code"] == 0


def test_nohup_is_obeyed_and_its_jobs_can_be_stopped_by_sighup(
    server: FakeServer, start: Start
) -> None:
    agent = start(program=["nohup", *INSTALLED])
    assert server.is_registered()
    agent.send(signal.SIGHUP)
    script = "trap 'echo saved; exit 0' HUP; echo begun; while :; do sleep 0.02; done"
    key = server.submit("sh", "-c", script, stop_signal="SIGHUP")
    server.log_with(key, b"begun")
    server.cancel(key)
    assert server.outcome(key)["outcome"] == "cancelled"
    assert b"saved" in server.log(key)
    assert server.syncs[-1]["accepting"]


@pytest.mark.parametrize("number", [signal.SIGUSR1, signal.SIGUSR2])
def test_signals_that_mean_nothing_to_it_do_nothing(
    agent: AgentProcess, server: FakeServer, number: signal.Signals
) -> None:
    agent.send(number)
    key = server.submit("sh", "-c", f"kill -{number.value} $$; sleep 5")  # its own disposition
    assert server.outcome(key)["signal"] == number
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0


def test_jobs_can_be_handed_back_at_once(server: FakeServer, start: Start, nap: str) -> None:
    agent = start("--on-stop", "requeue")
    key = server.submit("sh", "-c", f"echo begun; sleep {nap} & wait")
    server.log_with(key, b"begun")
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0
    ended = server.outcome(key)
    assert ended["outcome"] == "worker_shutdown"
    assert "started" not in ended, "its checkpoints may be there"


@pytest.mark.parametrize(
    ("code", "outcome"), [(0, "exited"), (85, "worker_shutdown"), (3, "worker_shutdown")]
)
def test_a_job_that_finishes_in_its_grace_has_finished(
    server: FakeServer, start: Start, code: int, outcome: str
) -> None:
    """Running it again would only repeat the work. Whatever else it exits with, it is handed back."""
    agent = start("--on-stop", "requeue")
    script = f"trap 'echo saved; exit {code}' TERM; echo begun; while :; do sleep 0.02; done"
    key = server.submit("sh", "-c", script)
    server.log_with(key, b"begun")
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0
    told = server.outcome(key)
    assert (told["outcome"], told["exit_code"]) == (outcome, code)
    assert server.log(key).endswith(b"saved\n")


def test_an_idle_agent_stops_at_once(agent: AgentProcess, server: FakeServer) -> None:
    server.wait_for(lambda: server.syncs)
    agent.send(signal.SIGTERM)
    assert agent.wait() == 0
    assert server.unregistered == 1


def test_once_means_one_job(server: FakeServer, start: Start) -> None:
    agent = start("--once")
    server.is_registered()
    first = server.submit(
        "sh",
        "-c",
        "echo done; mkdir -p $WHIRR_RUN_DIR/artifacts; echo model > $WHIRR_RUN_DIR/artifacts/model",
    )
    assert agent.wait() == 0
    second = server.submit("true")
    assert server.outcome(first)["exit_code"] == 0
    assert server.artifacts[f"job-{first[0]}/1", "model"] == b"model\n"
    assert not server.finishes[second]


def test_two_agents_of_one_name_do_not_share_a_folder(
    agent: AgentProcess, server: FakeServer, start: Start
) -> None:
    agent.send(signal.SIGSTOP)  # even one that seems dead holds the lock
    second = start()
    assert second.wait() == 1
    assert "another agent called node1" in second.log
    agent.send(signal.SIGCONT)


@pytest.mark.parametrize(
    ("status", "code"), [(409, "worker_name_taken"), (401, "not_authenticated")]
)
def test_an_agent_that_is_not_wanted_says_so_and_ends(
    server: FakeServer, start: Start, status: int, code: str
) -> None:
    server.refuse_registration = (status, {"detail": "not like this", "code": code})
    agent = start()
    assert agent.wait() == 1
    assert "not like this" in agent.log


def test_the_folder_is_for_nobody_else(agent: AgentProcess) -> None:
    assert agent.state.stat().st_mode & 0o777 == 0o700


def test_orphans_are_buried(agent: AgentProcess, server: FakeServer, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    script = f"(setsid true &); echo begun; while [ ! -e {gate} ]; do sleep 0.02; done"
    key = server.submit("sh", "-c", script)
    server.log_with(key, b"begun")

    def zombies() -> list[str]:
        children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
        return [p for p in children if " Z " in status_line(p)]

    wait_for(lambda: not zombies())
    gate.touch()
    server.outcome(key)


def status_line(pid: str) -> str:
    """Empty when it is gone meanwhile."""
    try:
        return Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return ""


def test_sync_stays_small_in_memory(agent: AgentProcess, server: FakeServer) -> None:
    server.outcome(server.submit("true"))
    status = Path(f"/proc/{agent.pid}/status").read_text()
    resident = next(line for line in status.splitlines() if line.startswith("VmRSS"))
    assert int(resident.split()[1]) < 32 * 1024, resident
