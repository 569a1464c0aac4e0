"""A job is run as it was ordered, and its end is told as it was."""

from pathlib import Path

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer


def test_output_and_exit_code_arrive(agent: AgentProcess, server: FakeServer) -> None:
    key = server.submit("sh", "-c", "echo out; echo err >&2; exit 3")
    outcome = server.outcome(key)
    assert server.log(key) == b"out\nerr\n"
    assert (outcome["outcome"], outcome["exit_code"], outcome["signal"]) == ("exited", 3, None)
    agent.delivered()


def test_a_signal_is_told_apart_from_an_exit_code(agent: AgentProcess, server: FakeServer) -> None:
    outcome = server.outcome(server.submit("sh", "-c", "kill -9 $$"))
    assert (outcome["outcome"], outcome["exit_code"], outcome["signal"]) == ("exited", None, 9)
    assert "memory" in outcome["error_message"]


@pytest.mark.parametrize(
    ("command", "workdir", "words"),
    [
        (["no-such-program"], "/", "'no-such-program' was not found"),
        (["true"], "/no/such/folder", "/no/such/folder does not exist"),
        (["/etc"], "/", "no permission"),
        (["true"], "relative", "no absolute path"),
        (["echo", "a\0b"], "/", "cannot be passed on"),
    ],
)
def test_what_cannot_be_started_says_why(
    agent: AgentProcess, server: FakeServer, command: list[str], workdir: str, words: str
) -> None:
    outcome = server.outcome(server.submit(*command, workdir=workdir))
    assert outcome["outcome"] == "never_started"
    assert words in outcome["error_message"]


def test_a_script_without_a_first_line_is_named(
    agent: AgentProcess, server: FakeServer, tmp_path: Path
) -> None:
    script = tmp_path / "script"
    script.write_text("echo hello\n")
    script.chmod(0o755)
    outcome = server.outcome(server.submit(str(script)))
    assert outcome["outcome"] == "never_started"
    assert "first line" in outcome["error_message"]


def test_a_job_finds_what_it_was_promised(server: FakeServer, start: Start, tmp_path: Path) -> None:
    agent = start(WHIRR_TOKEN="may-do-everything", CUDA_VISIBLE_DEVICES="5")
    key = server.submit("env", env={"MINE": "a b", "WHIRR_ATTEMPT": "99"}, workdir=str(tmp_path))
    server.outcome(key)
    found = dict(line.split("=", 1) for line in server.log(key).decode().splitlines())
    assert found["MINE"] == "a b"
    assert found["WHIRR_JOB_ID"] == str(key[0])
    assert found["WHIRR_RUN_ID"] == f"job-{key[0]}"
    assert found["WHIRR_ATTEMPT"] == "1"
    assert found["WHIRR_RUN_DIR"] == f"{agent.data_dir}/runs/job-{key[0]}/attempts/1"
    assert found["WHIRR_SERVER_URL"] == server.url
    assert found["WHIRR_TOKEN"] == f"run-token-{key[0]}"
    assert found["CUDA_VISIBLE_DEVICES"] == "5", "no GPU was given: nothing is touched"
    assert found["PWD"] == str(tmp_path)


def test_no_token_gets_into_the_log_or_onto_the_disk(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    agent = start("--log-level", "DEBUG", WHIRR_TOKEN="may-do-everything")
    server.outcome(server.submit("true", run_token="canary-of-the-run"))
    server.outcome(server.submit("no-such-program", run_token="canary-of-the-run"))
    agent.kill()
    assert server.authorizations == {"Bearer may-do-everything"}
    for path in (tmp_path / "data").rglob("*"):
        if path.is_file():
            text = path.read_bytes()
            assert b"canary" not in text, path
            assert b"may-do-everything" not in text, path


def test_standard_input_is_empty(agent: AgentProcess, server: FakeServer) -> None:
    key = server.submit("sh", "-c", "cat; echo read")
    server.outcome(key)
    assert server.log(key) == b"read\n"


def test_the_run_shows_the_newest_attempt(agent: AgentProcess, server: FakeServer) -> None:
    for attempt in (1, 2):
        key = server.submit("sh", "-c", f"echo {attempt}", attempt=attempt, run_id="job-77")
        server.outcome(key)
    run = agent.data_dir / "runs" / "job-77"
    assert (run / "output.log").read_text() == "2\n"
    assert (run / "output.log").resolve().parent.name == "2"
    assert (run / "attempts" / "1" / "output.log").read_text() == "1\n"


def test_the_next_job_starts_while_a_call_is_held(agent: AgentProcess, server: FakeServer) -> None:
    keys = [server.submit("true") for _ in range(5)]
    for key in keys:
        server.outcome(key)
    assert all(len(server.finishes[key]) == 1 for key in keys)


def test_slots_let_jobs_run_side_by_side(server: FakeServer, start: Start, tmp_path: Path) -> None:
    start("--slots", "2")
    meet = f"touch {tmp_path}/$0; while [ ! -e {tmp_path}/$1 ]; do sleep 0.05; done"
    one = server.submit("sh", "-c", meet, "a", "b")
    two = server.submit("sh", "-c", meet, "b", "a")
    assert server.outcome(one)["exit_code"] == server.outcome(two)["exit_code"] == 0


def test_a_hostile_run_id_is_not_a_path(agent: AgentProcess, server: FakeServer) -> None:
    server.submit("true", run_id="../../escape")
    after = server.submit("true")
    server.outcome(after)
    assert not (agent.data_dir.parent / "escape").exists()
    assert "cannot be a folder" in agent.log
