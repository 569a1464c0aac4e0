"""status, logs, wait, cancel, runs and show: data on stdout in the form that the reader wants."""

import json
import os
import pty
import signal
import subprocess

import pytest

from tests.cli.command import Whirr, wait_for
from tests.cli.fake_server import FakeServer


def on_a_terminal(whirr: Whirr, *args: str, **env: str) -> str:
    """What a person sees."""
    master, slave = pty.openpty()
    shown = b""
    with subprocess.Popen(
        [*whirr.program, *args], cwd=whirr.cwd, env=whirr.env | env, stdout=slave, stderr=slave
    ):
        os.close(slave)
        while True:
            try:
                piece = os.read(master, 4096)
            except OSError:
                break
            shown += piece
    os.close(master)
    return shown.decode()


def test_status_in_a_pipe_is_tab_separated(there: Whirr, server: FakeServer) -> None:
    server.add_job(
        3, status="running", name="a\tb\x1b[31m", attempt=1, command_argv=["echo", "x y"]
    )
    gpus = [{"index": index, "name": "A100"} for index in range(2)]
    server.workers = [
        {"id": "w", "status": "busy", "hostname": "h", "job_ids": [3, 4], "gpus": gpus}
    ]
    lines = there("status").stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["job", "status", "name"]
    assert lines[1].split("\t")[:3] == ["3", "running", "a b [31m"]
    assert lines[1].endswith("echo 'x y'")
    assert lines[2] == ""
    assert lines[4].split("\t")[:5] == ["w", "busy", "h", "2 x A100", "3, 4"]


@pytest.mark.parametrize(
    ("told", "shown"),
    [
        ({"version": "1.2.0", "version_skew": "same"}, "1.2.0"),
        ({"version": "1.1.0", "version_skew": "older"}, "1.1.0 (older)"),
        ({"version": "0.9.0", "version_skew": "too_old"}, "0.9.0 (too old)"),
        ({"version": "", "version_skew": "unknown"}, "(unknown)"),
        ({"version": "1.2.0"}, "1.2.0"),
        ({}, ""),
    ],
)
def test_an_agent_of_another_version_is_told_apart(
    there: Whirr, server: FakeServer, told: dict[str, str], shown: str
) -> None:
    server.workers = [{"id": "w", "status": "idle", "hostname": "h", "gpus": [], **told}]
    heading, line = there("workers").stdout.splitlines()
    assert (heading.split("\t")[-1], line.split("\t")[-1]) == ("agent", shown)


def test_gpus_that_are_handed_to_no_job_are_told_below_the_table(
    there: Whirr, server: FakeServer
) -> None:
    gpus = [{"index": index, "name": "A100"} for index in range(2)]
    out = [{"index": 1, "why": "foreign", "text": "GPU 1 is used by bob (pid 7)\x1b[31m"}]
    server.workers = [
        {"id": "w", "status": "idle", "hostname": "h", "gpus": gpus, "blocked_gpus": out}
        | {"load": {"disk_free_mb": 76800}}
    ]
    told = there("workers")
    assert told.stdout.splitlines()[1].split("\t")[6] == "75 GiB free"
    assert told.stdout.splitlines()[1].split("\t")[3] == "2 x A100 (1 blocked)"
    assert told.stderr == "w: GPU 1 is used by bob (pid 7) [31m, and given to no job\n"


def test_a_full_disk_is_told_below_the_table(there: Whirr, server: FakeServer) -> None:
    seen = {"status": "idle", "hostname": "h", "gpus": []}
    server.workers = [
        {"id": "full", **seen, "load": {"disk_low": True}},
        {"id": "roomy", **seen, "load": {"disk_low": False}},
        {"id": "away", **seen, "status": "offline", "load": {"disk_low": True}},
    ]
    told = there("workers")
    assert "full: its disk is full, and it takes no jobs until there is room" in told.stderr
    assert told.stderr.count("disk is full") == 1


def test_status_on_a_terminal_is_a_table(there: Whirr, server: FakeServer) -> None:
    server.add_job(
        3, status="running", name="[bold]not markup[/bold]", started_at="2026-01-15T10:30:00Z"
    )
    seen = on_a_terminal(there, "status", NO_COLOR="1", TERM="xterm-256color")
    assert "[bold]not markup[/bold]" in seen
    assert "\t" not in seen
    colour = "\x1b[36m"
    assert colour not in seen
    assert colour in on_a_terminal(there, "status", TERM="xterm-256color")


def test_status_of_one_job_shows_its_attempts(there: Whirr, server: FakeServer) -> None:
    attempt = {
        "number": 1,
        "status": "lost",
        "reason": "worker_lost",
        "worker_id": "w",
        "gpus": [0, 1],
        "error_message": "not heard of for 60 s",
    }
    server.add_job(3, status="running", attempt=2, attempts=[attempt])
    out = there("status", "job-3").stdout
    assert f"url\t{server.url}/runs/job-3/" in out
    assert "1\tlost\tworker_lost\tw\t\t\t0,1" in out
    assert "not heard of for 60 s" in out


def test_logs_are_printed_byte_for_byte(there: Whirr, server: FakeServer) -> None:
    server.add_job(1, status="completed", attempt=1)
    server.logs["job-1", 1] = b"\x00\xff 50%|\r100%|\nend"
    printed = subprocess.run(
        [*there.program, "logs", "1"],
        env=there.env,
        cwd=there.cwd,
        stdout=subprocess.PIPE,
        check=True,
    )
    assert printed.stdout == b"\x00\xff 50%|\r100%|\nend"


def test_a_large_log_arrives_whole(there: Whirr, server: FakeServer) -> None:
    server.add_job(1, status="completed", attempt=1)
    server.logs["job-1", 1] = b"0123456789abcde\n" * 200_000
    assert there("logs", "1").stdout.encode() == server.logs["job-1", 1]
    tail = there("logs", "1", "--tail", "100000").stdout
    assert tail == "0123456789abcde\n" * 100_000


@pytest.mark.parametrize(
    ("tail", "expected"), [("0", ""), ("1", "c"), ("2", "b\nc"), ("3", "a\nb\nc"), ("9", "a\nb\nc")]
)
def test_tail_counts_lines(there: Whirr, server: FakeServer, tail: str, expected: str) -> None:
    server.add_job(1, status="completed", attempt=1)
    server.logs["job-1", 1] = b"a\nb\nc"
    assert there("logs", "1", "--tail", tail).stdout == expected


def test_logs_of_an_older_attempt(there: Whirr, server: FakeServer) -> None:
    server.add_job(1, status="completed", attempt=2, exit_code=0)
    server.logs["job-1", 1] = b"old"
    server.logs["job-1", 2] = b"new"
    server.final |= {("job-1", 1), ("job-1", 2)}
    assert there("logs", "1").stdout == "new"
    assert there("logs", "1", "--attempt", "1").stdout == "old"
    assert there("logs", "1", "--attempt", "1", "--follow").stdout == "old"
    assert there("logs", "1", "--attempt", "3").returncode == 5


def test_logs_of_a_job_that_waits(there: Whirr, server: FakeServer) -> None:
    server.add_job(1)
    result = there("logs", "1")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no output yet" in result.stderr


def test_logs_follow_with_a_tail(there: Whirr, server: FakeServer) -> None:
    server.add_job(1, status="running", attempt=1)
    server.logs["job-1", 1] = b"a\nb\nc\n"
    process = there.start("logs", "1", "--follow", "--tail", "1")
    assert process.stdout is not None
    assert process.stdout.readline() == "c\n"
    server.logs["job-1", 1] += b"d\n"
    assert process.stdout.readline() == "d\n"
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert "job 1 goes on" in err


def test_wait_for_several_ends_with_the_first_that_did_not_complete(
    there: Whirr, server: FakeServer
) -> None:
    server.add_job(1, status="completed", exit_code=0)
    server.add_job(2, status="running")
    server.add_job(3, status="failed", exit_code=9)
    process = there.start("wait", "1", "2", "3", "--json")
    wait_for(lambda: server.seen.count("GET /api/v1/jobs/2") > 1, "it waits")
    server.jobs[2].update(status="failed", exit_code=4)
    out, _ = process.communicate(timeout=20)
    assert process.returncode == 4
    assert [job["id"] for job in json.loads(out)] == [1, 2, 3]


def test_cancel_says_what_happened_to_each(there: Whirr, server: FakeServer) -> None:
    server.add_job(1)
    server.add_job(2, status="completed")
    result = there("cancel", "1", "2")
    assert result.returncode == 1
    assert server.jobs[1]["status"] == "cancelled"
    assert "job 2 has ended" in result.stderr
    assert [line.split("\t")[:2] for line in result.stdout.splitlines()[1:]] == [
        ["1", "yes"],
        ["2", "no"],
    ]
    assert there("cancel", "8").returncode == 5


def test_cancel_all_queued_leaves_running_jobs(there: Whirr, server: FakeServer) -> None:
    server.add_job(1)
    server.add_job(2, status="running")
    server.add_job(3, status="waiting")
    assert there("cancel", "--all-queued").returncode == 0
    assert [server.jobs[n]["status"] for n in (1, 2, 3)] == ["cancelled", "running", "cancelled"]
    result = there("cancel", "--all-queued")
    assert (result.returncode, result.stdout) == (0, "")
    assert "no job was waiting" in result.stderr


def test_runs_and_show(there: Whirr, server: FakeServer) -> None:
    run = {"id": "job-1", "status": "completed", "tags": ["a"], "summary": {"acc": 0.98765432}}
    server.runs = [run | {"config": {"lr": 0.1}}, {"id": "job-2", "status": "failed", "tags": []}]
    assert len(there("runs").stdout.splitlines()) == 3
    assert len(there("runs", "--tag", "a").stdout.splitlines()) == 2
    shown = there("show", "1").stdout
    assert "config.lr\t0.1" in shown
    assert "summary.acc\t0.987654" in shown
    assert "model.npz\t12" in shown
    assert json.loads(there("show", "job-1", "--json").stdout)["artifacts"]
