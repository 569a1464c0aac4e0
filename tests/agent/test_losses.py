"""Answers get lost, servers go away, agents are killed: no byte is lost or doubled, no job runs twice."""

import json
import os
import signal
import subprocess
from pathlib import Path

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import alive, asleep, must_be_gone, wait_for

LINES = b"".join(b"line %d\n" % number for number in range(200))
COUNT = "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); done"
SLOWLY = "i=0; while [ $i -lt 200 ]; do echo line $i; i=$((i+1)); sleep 0.002; done"


def test_a_claim_whose_answer_was_lost_is_found_again(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.misbehave("/sync")
    key = server.submit("sh", "-c", f"echo ran >> {tmp_path}/ran")
    assert server.outcome(key)["exit_code"] == 0
    assert (tmp_path / "ran").read_text() == "ran\n"


def test_a_job_that_is_handed_out_twice_runs_once(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    server.misbehave("/sync", times=3)
    key = server.submit("sh", "-c", f"echo ran >> {tmp_path}/ran; sleep 0.3")
    server.outcome(key)
    assert (tmp_path / "ran").read_text() == "ran\n"
    assert len(server.finishes[key]) == 1


@pytest.mark.parametrize("perform", [True, False], ids=["answer lost", "request lost"])
@pytest.mark.parametrize("status", [None, 503, 429])
def test_bytes_arrive_once(
    agent: AgentProcess, server: FakeServer, status: int | None, *, perform: bool
) -> None:
    server.misbehave("/streams/", times=2, status=status, perform=perform)
    key = server.submit("sh", "-c", SLOWLY)
    server.outcome(key)
    assert server.log(key) == LINES


def test_a_finish_whose_answer_was_lost_is_repeated(
    agent: AgentProcess, server: FakeServer
) -> None:
    server.misbehave("/finish", times=2)
    key = server.submit("sh", "-c", "exit 7")
    server.wait_for(lambda: len(server.finishes[key]) == 3)
    assert {each["exit_code"] for each in server.finishes[key]} == {7}
    agent.delivered()


def test_a_server_that_lost_bytes_is_given_them_again(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    key = server.submit(
        "sh", "-c", f"{COUNT}; while [ ! -e {gate} ]; do sleep 0.02; done; echo end"
    )
    server.log_with(key, b"line 199\n")
    with server.changed:
        del server.streams[f"job-{key[0]}/1", "output.log"][500:]
    gate.touch()
    server.outcome(key)
    assert server.log(key) == LINES + b"end\n"


def test_more_than_one_part_arrives_in_order(agent: AgentProcess, server: FakeServer) -> None:
    key = server.submit("sh", "-c", "head -c 3500000 /dev/zero | tr '\\0' x; echo end")
    server.outcome(key)
    assert server.log(key) == b"x" * 3_500_000 + b"end\n"
    sizes = [target for method, target in server.requests if "/output.log" in target]
    assert len(sizes) >= 4


def test_a_file_that_is_not_wanted_does_not_hold_up_the_outcome(
    agent: AgentProcess, server: FakeServer
) -> None:
    server.misbehave("/metrics.jsonl", times=1000, status=400)
    server.misbehave("/config.json", times=1000, status=413)
    key = server.submit("sh", "-c", "echo '{}' > $WHIRR_RUN_DIR/metrics.jsonl", config={"lr": 1})
    assert server.outcome(key)["exit_code"] == 0
    agent.delivered()
    assert "refused" in agent.log


def test_an_outcome_outlives_server_and_agent(
    agent: AgentProcess, server: FakeServer, start: Start
) -> None:
    key = server.submit("sh", "-c", "echo begun; sleep 0.3; echo end; exit 4")
    server.log_with(key, b"begun")
    server.stop()
    wait_for(lambda: "exited with 4" in agent.log)
    agent.kill()
    server.start()
    second = start()
    assert server.outcome(key)["exit_code"] == 4
    assert server.log(key) == b"begun\nend\n"
    second.delivered()


def test_a_killed_agent_is_succeeded(
    agent: AgentProcess, server: FakeServer, start: Start, nap: str
) -> None:
    server.misbehave("/streams/", times=10_000, status=503, perform=False)
    key = server.submit("sh", "-c", f"echo not yet sent; setsid sleep {nap} & wait")
    wait_for(lambda: asleep(nap))
    agent.kill()
    server.faults.clear()
    second = start()
    outcome = server.outcome(key)
    assert outcome["outcome"] == "lost"
    assert "agent was killed" in outcome["error_message"]
    assert server.log(key) == b"not yet sent\n"
    assert not alive(nap)
    assert len({each["session"] for each in server.registrations}) == 1
    second.delivered()


def test_a_restarted_agent_sends_only_what_is_missing(
    agent: AgentProcess, server: FakeServer, start: Start, nap: str
) -> None:
    key = server.submit("sh", "-c", f"head -c 3000000 /dev/zero; echo tail; sleep {nap}")
    server.log_with(key, b"tail\n")
    agent.kill()
    before = len(server.requests)
    start()
    server.outcome(key)
    [asked] = [target for _, target in server.requests[before:] if "/output.log" in target]
    path, _, query = asked.partition("?")
    assert path == f"/api/v1/runs/job-{key[0]}/attempts/1/streams/output.log"
    # No byte is sent again: the server compares the last ones by their checksum.
    assert query.startswith("offset=3000005&tail=65536&sha256=")
    assert len(server.log(key)) == 3_000_005


def test_agent_and_guard_may_die_together(
    agent: AgentProcess, server: FakeServer, start: Start, nap: str
) -> None:
    key = server.submit("sh", "-c", f"echo begun; setsid sleep {nap} & wait")
    server.log_with(key, b"begun")
    wait_for(lambda: asleep(nap))
    children = Path(f"/proc/{agent.pid}/task/{agent.pid}/children").read_text().split()
    guards = [int(pid) for pid in children if int(pid) in alive("worker_agent")]
    assert len(guards) == 1
    agent.send(signal.SIGSTOP)  # so that it cannot notice
    os.kill(guards[0], signal.SIGKILL)
    agent.kill()
    assert asleep(nap), "nobody could sweep: else this test shows nothing"
    start()
    assert server.outcome(key)["outcome"] == "lost"
    must_be_gone(nap)


def test_a_stranger_with_a_reused_process_id_lives(
    server: FakeServer, start: Start, tmp_path: Path, nap: str
) -> None:
    stranger = subprocess.Popen(["sleep", nap], start_new_session=True)
    folder = tmp_path / "data" / "agent" / "node1" / "attempts"
    folder.mkdir(parents=True)
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    facts = {"job_id": 9, "attempt": 1, "run_id": "job-9", "boot_id": boot}
    facts |= {"pid": stranger.pid, "ticks": 12345}
    (folder / "9.1.json").write_text(json.dumps(facts))
    (folder / "8.1.json").write_text('{"job_id": 8, "att')
    start()
    assert server.outcome((9, 1))["outcome"] == "lost"
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_the_job_of_another_project_is_a_stranger(
    server: FakeServer, start: Start, nap: str
) -> None:
    """Two embedded servers on one machine both have a job 1, attempt 1."""
    environment = {"WHIRR_JOB_ID": "1", "WHIRR_ATTEMPT": "1", "WHIRR_RUN_DIR": "/elsewhere"}
    stranger = subprocess.Popen(["sleep", nap], env=environment, start_new_session=True)
    agent = start()
    key = server.submit("sh", "-c", "exit 0")
    server.outcome(key)
    agent.kill()
    second = start()
    server.wait_for(lambda: len(server.registrations) == 2)
    second.kill()
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_server_that_forgot_the_agent_is_told_again(
    agent: AgentProcess, server: FakeServer
) -> None:
    server.misbehave("/sync", status=404, perform=False)
    server.submit("true")
    server.wait_for(lambda: len(server.registrations) == 2)


def test_a_server_that_cannot_hold_calls_is_not_hammered(server: FakeServer, start: Start) -> None:
    server.holds = False
    start("--poll-interval", "60")
    server.wait_for(lambda: len(server.syncs) >= 3)
    key = server.submit("true")
    wait_for(lambda: len(server.syncs) == 3)
    assert not server.finishes[key]


def test_a_server_that_comes_later_is_waited_for(server: FakeServer, start: Start) -> None:
    server.stop()
    agent = start()
    wait_for(lambda: "cannot reach the server" in agent.log)
    server.start()
    assert server.is_registered()
    assert agent.log.count("go on trying") == 1
