"""What the command says when it is asked for help, or asked wrongly."""

import json
import resource
from pathlib import Path

import pytest

from tests.cli.command import Call, Whirr
from tests.cli.fake_server import FakeServer
from whirr.cli.main import COMMANDS


def test_help_lists_every_command(whirr: Whirr) -> None:
    result = whirr("--help")
    assert result.returncode == 0
    assert all(name in result.stdout for name in COMMANDS)


def test_help_is_fast(whirr: Whirr) -> None:
    """Measured in processor time, which a busy machine changes less; 0.1 s on a quiet one."""

    def once() -> float:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        whirr("--help")
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(once() for _ in range(3)) < 0.3


def test_help_imports_no_command(whirr: Whirr) -> None:
    whirr.program[1:1] = ["-X", "importtime"]
    imported = whirr("--help").stderr
    assert "whirr.cli.main" in imported or "click" in imported
    for heavy in ("rich", "yaml", "whirr.cli.commands", "whirr.wire", "http.client", "ssl"):
        assert f" {heavy}\n" not in imported


@pytest.mark.parametrize("command", COMMANDS)
def test_each_command_explains_itself(quick: Call, whirr: Whirr, command: str) -> None:
    # The agent's own parser explains `worker`, in place of this process.
    result = (whirr if command == "worker" else quick)(command, "--help")
    assert result.returncode == 0
    assert "usage" in result.stdout.lower()


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["sumbit"], "did you mean submit"),
        (["--nonsense"], "no such option"),
        (["submit"], "missing argument"),
        (["submit", "--"], "missing argument"),
        (["submit", "--", ""], "the command to run is empty"),
        (["submit", "--gpus", "x", "--", "true"], "--gpus"),
        (["submit", "--gpus", "-1", "--", "true"], "--gpus"),
        (["submit", "--vram", "lots", "--", "true"], "write 24G"),
        (["submit", "--vram", "0", "--", "true"], "sensible"),
        (["submit", "--timeout", "soon", "--", "true"], "write 90s"),
        (["submit", "--timeout", "0", "--", "true"], "one second"),
        (["submit", "--timeout", "99999999d", "--", "true"], "ten years"),
        (["submit", "--retries", "-2", "--", "true"], "--retries"),
        (["submit", "--env", "NOVALUE", "--", "true"], "NAME=VALUE"),
        (["submit", "--env", "1X=2", "--", "true"], "NAME=VALUE"),
        (["submit", "--json", "--follow", "--", "true"], "use one of them"),
        (["submit", "--after", "x", "--", "true"], "is no job"),
        (["submit", "--after", "some:7", "--", "true"], "write 7, any:7, notok:7 or a3"),
        (["submit", "--after", ":7", "--", "true"], "names nothing to wait for"),
        (["submit", "--retry-on", "x", "--", "true"], "is no exit code"),
        (["submit", "--array", "0-9", "--follow", "--", "true"], "use --wait for an array"),
        (["status", "seven"], "is no job"),
        (["status", "7", "8"], "unexpected extra argument"),
        (["logs"], "missing argument"),
        (["logs", "../etc/passwd"], "is no run"),
        (["logs", "7", "--tail", "-3"], "--tail"),
        (["logs", "7", "--attempt", "0"], "--attempt"),
        (["wait"], "missing argument"),
        (["wait", "7", "x"], "is no job"),
        (["cancel"], "name the jobs to cancel"),
        (["cancel", "7", "--all-queued"], "name the jobs to cancel"),
        (["cancel", "seven"], "is no job"),
        (["cancel", "7", "--project", "p"], "name the jobs to cancel"),
        (["cancel", "--all-queued", "--tag", "t"], "name the jobs to cancel"),
        (["cancel", "--array", "7x"], "is no array"),
        (["cancel", "--status", "failed"], "--status"),
        (["cancel", "--yes"], "name the jobs to cancel"),
        (["retry"], "name the jobs to retry"),
        (["retry", "7", "--failed", "A3"], "name the jobs to retry"),
        (["retry", "--failed", "three"], "is no array"),
        (["hold"], "missing argument"),
        (["release", "x"], "is no job"),
        (["priority", "7"], "missing argument"),
        (["priority", "7", "high"], "not a valid"),
        (["priority", "7", "9999999"], "is not in the range"),
        (["workers", "drain"], "missing argument"),
        (["workers", "fire", "node1"], "no such command"),
        (["workers", "drain", "a/b"], "is no worker's name"),
        (["runs", "--limit", "0"], "--limit"),
        (["show"], "missing argument"),
        (["show", "a/b"], "is no run"),
        (["up", "--port", "99999"], "--port"),
        (["up", "extra"], "unexpected extra argument"),
        (["down", "--port", "1"], "no such option"),
        (["init", "there"], "unexpected extra argument"),
        (["dashboard", "x"], "unexpected extra argument"),
        (["server", "--port", "http"], "--port"),
        (["demo", "--dir"], "requires an argument"),
        (["demo", "--data", "--remove-data"], "give one of them"),
        (["demo", "--data", "--once"], "are for the demo that trains"),
        (["demo", "--server", "http://a"], "go with --data"),
        (["status", "--server", "nowhere"], "is no server address"),
    ],
)
def test_bad_usage_is_two_lines_and_exit_code_2(quick: Call, args: list[str], said: str) -> None:
    result = quick(*args)
    assert result.returncode == 2, result.stderr
    assert said.lower() in result.stderr.lower()
    assert len(result.stderr.splitlines()) <= 2
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    assert not Path(".whirr").exists()


def test_an_unreachable_server_is_exit_code_3(quick: Call, server: FakeServer) -> None:
    server.stop()
    for args in (["status"], ["runs"], ["logs", "1"], ["wait", "1"], ["submit", "--", "true"]):
        result = quick(*args, WHIRR_SERVER_URL=server.url)
        assert result.returncode == 3
        assert server.url in result.stderr
        assert len(result.stderr.splitlines()) == 2


def test_a_server_that_is_none_of_ours_is_exit_code_3(quick: Call, server: FakeServer) -> None:
    server.refusal = (200, ["hello"])
    for args in (["status"], ["runs"], ["show", "1"], ["wait", "1"], ["submit", "--", "true"]):
        assert quick(*args, WHIRR_SERVER_URL=server.url).returncode == 3


def test_a_missing_token_is_exit_code_4(quick: Call, server: FakeServer) -> None:
    server.token = "right"
    for args in (["status"], ["cancel", "1"], ["submit", "--", "true"], ["logs", "1"]):
        result = quick(*args, WHIRR_TOKEN="wrong-token", WHIRR_SERVER_URL=server.url)
        assert result.returncode == 4
        assert "wrong-token" not in result.stderr
        assert "WHIRR_TOKEN" in result.stderr
    right = {"WHIRR_TOKEN": "right", "WHIRR_SERVER_URL": server.url}
    assert quick("status", **right).returncode == 0


def test_a_token_that_cannot_be_one_is_bad_usage(there: Whirr) -> None:
    assert there("status", WHIRR_TOKEN="a\nb").returncode == 2


@pytest.mark.parametrize("args", [["status", "9"], ["logs", "9"], ["show", "9"], ["wait", "9"]])
def test_what_does_not_exist_is_exit_code_5(
    quick: Call, server: FakeServer, args: list[str]
) -> None:
    assert quick(*args, WHIRR_SERVER_URL=server.url).returncode == 5


def test_a_refused_field_is_named(there: Whirr, server: FakeServer) -> None:
    fields = {"priority": ["at most 1000"]}
    server.refusal = (400, {"detail": "invalid", "code": "invalid", "fields": fields})
    result = there("submit", "--priority", "99999", "--", "true")
    assert result.returncode == 2
    assert "priority: at most 1000" in result.stderr


def test_debug_shows_the_traceback(whirr: Whirr) -> None:
    result = whirr("status", "--server", "nowhere", WHIRR_DEBUG="1")
    assert "Traceback" in result.stderr
    assert result.returncode == 1


def test_a_closed_pipe_is_no_error(there: Whirr, server: FakeServer) -> None:
    server.runs = [{"id": f"job-{n}", "status": "completed", "tags": []} for n in range(500)] * 20
    process = there.start("runs")
    assert process.stdout is not None
    process.stdout.readline()
    process.stdout.close()
    process.stdout = None
    _, err = process.communicate(timeout=30)
    assert "Traceback" not in err


def test_json_is_json(quick: Call, server: FakeServer) -> None:
    server.add_job(1)
    for args in (["status"], ["status", "1"], ["runs"], ["cancel", "1"]):
        shown = json.loads(quick(*args, "--json", WHIRR_SERVER_URL=server.url).stdout)
        assert isinstance(shown, (dict, list)), args
