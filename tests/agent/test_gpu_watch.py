"""GPUs that may not be handed out: the agent sees it, says why, and gives them back when they are free."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.fake_smi import FakeSmi, still_runs
from tests.agent.watching import wait_for

NOBODY = 65534


@pytest.fixture
def smi(tmp_path: Path, nap: str) -> FakeSmi:
    return FakeSmi(tmp_path / "bin", 2, nap)


@pytest.fixture
def bob(nap: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process of somebody else: of another user, where we may become one."""
    user = NOBODY if os.geteuid() == 0 else None
    process = subprocess.Popen(["sleep", nap], user=user)
    yield process
    process.kill()
    process.wait()


def begin(start: Start, smi: FakeSmi, *options: str) -> AgentProcess:
    return start("--gpu", "all", "--heartbeat-interval", "1", *options, PATH=smi.path)


def told(server: FakeServer) -> list[dict[str, Any]]:
    """What the newest sync says of blocked GPUs."""
    blocked: list[dict[str, Any]] = server.syncs[-1]["load"]["blocked"] if server.syncs else []
    return blocked


def offered(server: FakeServer) -> list[int]:
    free: list[int] = server.syncs[-1]["free_gpus"] if server.syncs else []
    return free


def is_blocked(server: FakeServer, gpu: int, why: str) -> dict[str, Any]:
    found: dict[str, Any] = server.wait_for(
        lambda: next((e for e in told(server) if (e["index"], e["why"]) == (gpu, why)), None),
        f"GPU {gpu} was never {why}",
    )
    assert gpu not in offered(server)
    return found


def is_free(server: FakeServer, *gpus: int) -> None:
    server.wait_for(lambda: offered(server) == list(gpus), f"never free: {gpus}")


def test_a_gpu_that_somebody_else_uses_is_left_alone_and_comes_back(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    smi.computes((1, bob.pid))
    agent = begin(start, smi)
    found = is_blocked(server, 1, "foreign")
    user = pwd.getpwuid(os.stat(f"/proc/{bob.pid}").st_uid).pw_name  # noqa: PTH116
    holder = {"pid": bob.pid, "user": user, "name": "python3", "memory_mb": 20480}
    assert found["processes"] == [holder]
    is_free(server, 0)
    first = server.syncs.index(next(each for each in server.syncs if each["free_gpus"]))
    assert not any(1 in each["free_gpus"] for each in server.syncs[: first + 1])
    assert f"GPU 1 is used by {user} (pid {bob.pid}, python3)" in agent.log
    smi.computes()
    is_free(server, 0, 1)
    assert told(server) == []


def test_what_a_job_started_is_never_foreign(
    server: FakeServer, start: Start, smi: FakeSmi, tmp_path: Path
) -> None:
    """Its forks, and those that left its session and lost their parent, are children of the agent."""
    begin(start, smi)
    pids = tmp_path / "pids"
    gate = tmp_path / "gate"
    wait = f"while [ ! -e {gate} ]; do sleep 0.05; done"
    script = f"echo $$ >> {pids}; sh -c 'echo $$ >> {pids}; {wait}' & "
    script += f"(setsid sh -c 'echo $$ >> {pids}; {wait}' &) & {wait}"
    key = server.submit("sh", "-c", script, wants_gpus=1)
    wait_for(lambda: pids.exists() and len(pids.read_text().split()) == 3)
    smi.computes(*[(0, int(pid)) for pid in pids.read_text().split()])
    smi.used(gpu0=30000)
    asked = len(smi.calls)
    wait_for(lambda: len(smi.calls) > asked + 6)
    assert not any(each["load"]["blocked"] for each in server.syncs)
    gate.touch()
    server.outcome(key)
    smi.computes()
    smi.used()
    is_free(server, 0, 1)


def test_a_job_of_another_agent_on_the_machine_is_foreign(
    server: FakeServer, start: Start, smi: FakeSmi, tmp_path: Path
) -> None:
    begin(start, smi, "--data-dir", str(tmp_path / "other"), "--name", "other")
    pid_file = tmp_path / "pid"
    server.submit("sh", "-c", f"echo $$ > {pid_file}; exec sleep 600", wants_gpus=1)
    pid = int(wait_for(lambda: pid_file.exists() and pid_file.read_text()))
    smi.computes((0, pid))
    begin(start, smi)

    def own() -> list[int]:
        mine = [each for each in server.syncs if not each["running"] and each["load"]["blocked"]]
        return [e["processes"][0]["pid"] for each in mine for e in each["load"]["blocked"]]

    server.wait_for(lambda: pid in own())


def test_memory_that_nobody_seems_to_hold_blocks_when_it_is_there_twice(
    server: FakeServer, start: Start, smi: FakeSmi
) -> None:
    begin(start, smi)
    is_free(server, 0, 1)
    smi.used(gpu0=30000)
    found = is_blocked(server, 0, "memory_held")
    assert (found["memory_used_mb"], found["processes"]) == (30000, [])
    smi.used(gpu0=900)
    is_free(server, 0, 1)


def test_a_gpu_is_offered_again_only_when_its_memory_was_seen_free(
    server: FakeServer, start: Start, smi: FakeSmi
) -> None:
    begin(start, smi)
    is_free(server, 0, 1)
    smi.used(gpu0=30000)
    key = server.submit("true", wants_gpus=1)
    server.outcome(key)
    asked, synced = len(smi.calls), len(server.syncs)
    wait_for(lambda: len(smi.calls) > asked + 3)
    server.wait_for(lambda: len(server.syncs) > synced + 1)
    assert not any(0 in each["free_gpus"] for each in server.syncs[synced:])
    smi.used()
    is_free(server, 0, 1)


@pytest.mark.parametrize(
    ("rows", "why"), [([], "missing"), (["1, GPU-1, ERR!, 4, 30, ERR!, No, None"], "error")]
)
def test_a_sick_gpu_takes_itself_out_until_it_is_well(
    server: FakeServer, start: Start, smi: FakeSmi, rows: list[str], why: str
) -> None:
    begin(start, smi)
    is_free(server, 0, 1)
    smi.prints("load", smi.row(0), *rows)
    assert "ERR!" in is_blocked(server, 1, why).get("reason", "missing ERR!")
    is_free(server, 0)
    smi.used()
    is_free(server, 0, 1)


def test_a_gpu_that_spoils_the_answer_for_all_takes_itself_alone_out(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    begin(start, smi)
    is_free(server, 0, 1)
    said = "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error"
    for what in ("load", "load.GPU-1", "apps"):
        smi.prints(what, said, code=255)
    smi.prints("load.GPU-0", smi.row(0))
    smi.prints("apps.GPU-0", f"GPU-0, {bob.pid}, [Not Found], [N/A]")
    assert is_blocked(server, 1, "error")["reason"] == said
    holder = is_blocked(server, 0, "foreign")["processes"][0]
    assert (holder["name"], holder["memory_mb"]) == ("sleep", None)


def test_no_devices_at_all_is_an_answer(server: FakeServer, start: Start, smi: FakeSmi) -> None:
    begin(start, smi)
    is_free(server, 0, 1)
    smi.prints("load", "No devices were found", code=6)
    smi.prints("apps", "No devices were found", code=6)
    assert is_blocked(server, 0, "missing")
    assert is_blocked(server, 1, "missing")


def test_a_reading_that_failed_changes_nothing(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    said, code = "Failed to initialize NVML: Driver/library version mismatch", 18
    smi.computes((1, bob.pid))
    agent = begin(start, smi)
    is_blocked(server, 1, "foreign")
    is_free(server, 0)
    smi.prints("load", said, code=code)
    smi.prints("apps", said, code=code)
    server.wait_for(lambda: "gpu_trouble" in server.syncs[-1]["load"])
    assert said in server.syncs[-1]["load"]["gpu_trouble"]
    assert offered(server) == [0]
    assert told(server)[0]["why"] == "foreign"
    key = server.submit("true", wants_gpus=1)
    assert server.outcome(key)["exit_code"] == 0
    smi.prints("apps")
    smi.used()
    is_free(server, 0, 1)
    assert "nvidia-smi answers again" in agent.log


def test_only_who_computes_being_unknown_takes_nothing_back(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    smi.computes((1, bob.pid))
    begin(start, smi)
    is_blocked(server, 1, "foreign")
    smi.prints("apps", "Insufficient Permissions", code=4)
    server.wait_for(lambda: "gpu_trouble" in server.syncs[-1]["load"])
    asked = len(smi.calls)
    wait_for(lambda: len(smi.calls) > asked + 6)
    assert is_blocked(server, 1, "foreign")


def test_a_hanging_nvidia_smi_delays_neither_leases_nor_starts(
    server: FakeServer, start: Start, smi: FakeSmi
) -> None:
    """A sync comes at least once a hold, jobs start and end, while one and the same nvidia-smi hangs."""
    begin(start, smi, "--lease-seconds", "10")
    is_free(server, 0, 1)
    smi.hangs()
    asked = len(smi.calls)
    pid = wait_for(lambda: smi.calls[asked:])[0][0]
    os.kill(pid, signal.SIGSTOP)  # as deaf as one in state D, until SIGKILL
    gate = smi.folder / "gate"
    script = f"while [ ! -e {gate} ]; do sleep 0.05; done"
    key = server.submit("sh", "-c", script, wants_gpus=1)
    server.wait_for(lambda: len([each for each in server.syncs if each["running"]]) >= 3)
    gate.touch()
    assert server.outcome(key)["exit_code"] == 0
    assert still_runs(pid), "the test took too long to show anything"
    assert len(smi.calls) == asked + 1
    smi.recovers()
    os.kill(pid, signal.SIGKILL)
    is_free(server, 0, 1)


def test_an_order_for_a_gpu_that_was_taken_meanwhile_is_handed_back(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    """The server could not know: the attempt says who holds it, and costs the job nothing."""
    smi.computes((1, bob.pid))
    begin(start, smi)
    is_blocked(server, 1, "foreign")
    with server.changed:
        server._claim = lambda body: [server.orders.pop()] if server.orders else []  # type: ignore[method-assign]
    key = server.submit("true", gpus=[1])
    ended = server.outcome(key)
    assert ended["outcome"] == "worker_shutdown"
    assert ended["started"] is False
    assert f"(pid {bob.pid}, python3)" in ended["error_message"]


def test_a_driver_that_does_not_know_a_field_is_not_asked_for_it_again(
    server: FakeServer, start: Start, smi: FakeSmi
) -> None:
    complaint = 'Field "gpu_recovery_action" is not a valid field to query.'
    script = smi.folder / "nvidia-smi"
    old = f"case \"$*\" in *gpu_recovery*) echo '{complaint}'; exit 2;; esac\n"
    text = script.read_text().replace("[ ! -e hang ]", old + "[ ! -e hang ]")
    draft = smi.folder / "new"
    draft.write_text(text)
    draft.chmod(0o755)
    draft.replace(script)
    smi.prints("load", "0, GPU-0, 0, 4, 30, 60, No", "1, GPU-1, 0, 4, 30, 60, Yes")
    begin(start, smi)
    is_blocked(server, 1, "error")
    is_free(server, 0)
    wait_for(lambda: len(smi.calls) > 8)
    assert sum("gpu_recovery_action" in words for _, words in smi.calls) == 1


def test_an_nvidia_smi_that_is_away_for_a_while_is_asked_again(
    server: FakeServer, start: Start, smi: FakeSmi, bob: subprocess.Popen[bytes]
) -> None:
    """As while a driver is upgraded: what was blocked must not stay so for ever."""
    smi.computes((1, bob.pid))
    agent = begin(start, smi)
    is_blocked(server, 1, "foreign")
    program = smi.folder / "nvidia-smi"
    program.rename(smi.folder / "away")
    server.wait_for(lambda: "cannot be run" in server.syncs[-1]["load"].get("gpu_trouble", ""))
    assert server.syncs[-1]["load"]["gpus"] == []
    smi.computes()
    (smi.folder / "away").rename(program)
    is_free(server, 0, 1)
    assert "nvidia-smi answers again" in agent.log
