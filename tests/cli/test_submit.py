"""submit: what is sent, what is printed, and how --wait and --follow end."""

import json
import signal
import threading
from pathlib import Path

import pytest

from tests.cli.command import Whirr, wait_for
from tests.cli.fake_server import FakeServer


def test_everything_after_the_dashes_is_passed_as_it_stands(
    there: Whirr, server: FakeServer
) -> None:
    command = ["python", "train.py", "--lr", "0.01", "--name", "x y", "--", "-f", "$HOME", ""]
    result = there("submit", "--", *command)
    assert result.returncode == 0
    assert server.submitted == [{"command_argv": command, "workdir": str(there.cwd)}]
    assert result.stdout == f"1\t{server.url}/runs/job-1/\n"


def test_each_flag_becomes_its_field(there: Whirr, server: FakeServer) -> None:
    flags = "--name n --tags a,b --tags b,c --gpus 2 --vram 24G --require fast --priority -5"
    more = "--retries 3 --timeout 1h30m --grace 45s --stop-signal usr1 --env K=V --env E=a=b --project p --exclusive"
    there("submit", *flags.split(), *more.split(), "--", "true")
    assert server.submitted[0] == {
        "command_argv": ["true"],
        "workdir": str(there.cwd),
        "name": "n",
        "tags": ["a", "b", "c"],
        "gpus": 2,
        "min_memory_mb": 24 * 1024,
        "require_tags": ["fast"],
        "priority": -5,
        "retries": 3,
        "timeout_seconds": 5400,
        "grace_seconds": 45,
        "stop_signal": "SIGUSR1",
        "env": {"K": "V", "E": "a=b"},
        "project": "p",
        "exclusive": True,
    }


@pytest.mark.parametrize(
    "losses", [[(0, None)], [(503, {"detail": "away"})], [(502, b"<html>"), (0, None)]]
)
def test_an_answer_that_got_lost_is_asked_for_again_and_makes_no_second_job(
    there: Whirr, server: FakeServer, losses: list[tuple[int, object]]
) -> None:
    server.losses = losses
    result = there("submit", "--", "true")
    assert (result.returncode, len(server.submitted)) == (0, 1)
    assert result.stdout == f"1\t{server.url}/runs/job-1/\n"
    assert "the answer was lost" in result.stderr
    assert len(server.keys) == 1
    assert min(map(len, server.keys)) >= 16


def test_two_submits_are_two_jobs(there: Whirr, server: FakeServer) -> None:
    for _ in range(2):
        there("submit", "--", "true")
    assert (len(server.submitted), len(server.keys)) == (2, 2)


def test_a_refusal_is_not_repeated(there: Whirr, server: FakeServer) -> None:
    server.refusal = (400, {"detail": "gpus: too many", "code": "invalid"})
    assert there("submit", "--", "true").returncode == 2
    assert server.seen.count("POST /api/v1/jobs") == 1


def test_what_the_scheduler_is_told_becomes_its_field(there: Whirr, server: FakeServer) -> None:
    flags = "--after 7,any:job-8 --after notok:#9 --after a3 --array 0-9%2 --gpu-model a100"
    there(
        "submit", *flags.split(), *["--kind", "eval", "--retry-on", "1,75", "--hold"], "--", "true"
    )
    assert server.submitted[0] == {
        "command_argv": ["true"],
        "workdir": str(there.cwd),
        "after": ["7", "any:8", "notok:9", "A3"],
        "array": "0-9%2",
        "gpu_model": "a100",
        "kind": "eval",
        "retry_exit_codes": [1, 75],
        "held": True,
    }


def test_the_project_comes_from_the_projects_config(there: Whirr, server: FakeServer) -> None:
    there("init")
    there("submit", "--", "true")
    assert server.submitted[0]["project"] == there.cwd.name
    (there.cwd / ".whirr" / "config.yaml").write_text("project: other\n")
    there("submit", "--", "true")
    assert server.submitted[1]["project"] == "other"


@pytest.mark.parametrize(
    "text", ["port: eighty\n", "project: [a]\n", "prot: 1\n", "a: b: c\n", "- x\n", "port: 0\n"]
)
def test_a_broken_config_is_told(there: Whirr, server: FakeServer, text: str) -> None:
    there("init")
    (there.cwd / ".whirr" / "config.yaml").write_text(text)
    result = there("submit", "--", "true")
    assert result.returncode == 2
    assert "config.yaml" in result.stderr
    assert not server.submitted


def test_json_is_the_servers_answer_with_a_whole_url(there: Whirr, server: FakeServer) -> None:
    answer = json.loads(there("submit", "--json", "--", "true").stdout)
    assert answer["job_id"] == 1
    assert answer["url"] == f"{server.url}/runs/job-1/"


def ends(server: FakeServer, **facts: object) -> None:
    """Let job 1 end this way as soon as it is there."""

    def end() -> None:
        wait_for(lambda: 1 in server.jobs, "the job is submitted")
        server.jobs[1].update(facts)

    threading.Thread(target=end, daemon=True).start()


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({"status": "completed", "exit_code": 0}, 0),
        ({"status": "failed", "exit_code": 42}, 42),
        ({"status": "failed", "exit_code": 3}, 3),
        ({"status": "failed", "exit_code": None, "attempts": [{"signal": 9}]}, 137),
        ({"status": "failed", "exit_code": 0, "reason": "event_failed"}, 1),
        ({"status": "failed", "exit_code": -15}, 143),
        ({"status": "failed", "reason": "never_started", "error_message": "no such file"}, 1),
        ({"status": "cancelled"}, 1),
    ],
)
def test_wait_ends_with_the_jobs_own_code(
    there: Whirr, server: FakeServer, facts: dict[str, object], code: int
) -> None:
    ends(server, **facts)
    result = there("submit", "--wait", "--", "true")
    assert result.returncode == code
    assert f"job 1 {facts['status']}" in result.stderr
    assert result.stdout == f"1\t{server.url}/runs/job-1/\n"


def test_wait_survives_a_restart_of_the_server(there: Whirr, server: FakeServer) -> None:
    process = there.start("submit", "--wait", "--", "true")
    wait_for(lambda: "GET /api/v1/jobs/1" in server.seen, "it waits")
    server.stop()
    assert process.stderr is not None
    assert "the server is away" in process.stderr.readline()
    server.start()
    server.jobs[1].update(status="failed", exit_code=7)
    _, err = process.communicate(timeout=30)
    assert "the server is back" in err
    assert process.returncode == 7


def test_follow_prints_the_output_alone_and_ends_with_the_jobs_code(
    there: Whirr, server: FakeServer
) -> None:
    process = there.start("submit", "--follow", "--", "true")
    assert process.stdout is not None
    wait_for(lambda: 1 in server.jobs, "the job is submitted")
    server.logs["job-1", 1] = b"one\n"
    server.jobs[1].update(status="running", attempt=1)
    assert process.stdout.readline() == "one\n"
    server.stop()
    server.logs["job-1", 1] += b"two\nthree"
    server.start()
    assert process.stdout.readline() == "two\n"
    server.final.add(("job-1", 1))
    server.jobs[1].update(status="failed", exit_code=5)
    assert process.stdout.read() == "three"
    assert process.wait(timeout=30) == 5
    assert process.stderr is not None
    assert "job 1 is queued" in process.stderr.read()


def test_follow_goes_on_with_the_next_attempt(there: Whirr, server: FakeServer) -> None:
    process = there.start("submit", "--follow", "--", "true")
    assert process.stdout is not None
    wait_for(lambda: 1 in server.jobs, "the job is submitted")
    server.logs["job-1", 1] = b"first\n"
    server.jobs[1].update(status="running", attempt=1)
    assert process.stdout.readline() == "first\n"
    server.jobs[1].update(status="queued")
    server.logs["job-1", 2] = b"second\n"
    server.jobs[1].update(status="running", attempt=2)
    assert process.stdout.readline() == "second\n"
    server.final.add(("job-1", 2))
    server.jobs[1].update(status="completed", exit_code=0)
    out, err = process.communicate(timeout=30)
    assert (out, process.returncode) == ("", 0)
    assert "attempt 2 goes on" in err


@pytest.mark.parametrize("flag", ["--follow", "--wait"])
def test_ctrl_c_detaches_and_says_so(there: Whirr, server: FakeServer, flag: str) -> None:
    process = there.start("submit", flag, "--", "true")
    wait_for(lambda: "GET /api/v1/jobs/1" in server.seen, "it watches")
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 130
    assert "whirr cancel 1" in err
    assert server.jobs[1]["status"] == "queued"


def test_bytes_that_are_no_text_are_refused(there: Whirr, server: FakeServer) -> None:
    there.program = ["sh", "-c", 'exec "$@" "$(printf "\\377")"', "sh", *there.program]
    result = there("submit", "--", "echo")
    assert result.returncode == 2
    assert "not UTF-8" in result.stderr
    assert not server.submitted


def test_a_folder_that_is_gone_is_told(there: Whirr, tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    there.cwd = gone
    there.program = ["sh", "-c", 'rmdir "$PWD" && exec "$@"', "sh", *there.program]
    result = there("submit", "--", "true")
    assert result.returncode == 1
    assert "Traceback" not in result.stderr
