"""Which server a command talks to, which port a stack takes, and what children inherit."""

import json
import os
import signal
import socket
import subprocess
import threading
from pathlib import Path

import pytest

from tests.cli.command import Whirr
from tests.cli.fake_server import FakeServer
from tests.cli.stacks import Stack
from whirr.cli import place
from whirr.stack import lock, ports, roster
from whirr.stack.folder import Folder, find
from whirr.stack.roster import Shape


def claim_to_run(data: Path, server: FakeServer) -> int:
    """Make the folder look as if this process were its stack."""
    folder = Folder(data)
    folder.make()
    handle = lock.acquire(folder.lock_file)
    folder.announce({"url": server.url, "pid": os.getpid(), "mode": "embedded"})
    return handle


def test_the_folder_above_names_server_and_secret(whirr: Whirr, server: FakeServer) -> None:
    handle = claim_to_run(whirr.cwd / ".whirr", server)
    server.token = Folder(whirr.cwd / ".whirr").secret()
    (whirr.cwd / "deep" / "er").mkdir(parents=True)
    whirr.cwd = whirr.cwd / "deep" / "er"
    assert whirr("status").returncode == 0
    assert whirr("status", "--server", server.url).returncode == 0  # the same server: same secret
    os.close(handle)


def test_what_a_killed_stack_left_is_not_believed(whirr: Whirr, server: FakeServer) -> None:
    handle = claim_to_run(whirr.cwd / ".whirr", server)
    folder = Folder(whirr.cwd / ".whirr")
    folder.announce({"url": "http://127.0.0.1:1", "pid": 1})
    assert place.live_server(folder) is None
    os.close(handle)
    folder.announce({"url": server.url, "pid": os.getpid()})
    assert place.live_server(folder) is None


def test_the_secret_goes_to_no_other_server(whirr: Whirr, server: FakeServer) -> None:
    handle = claim_to_run(whirr.cwd / ".whirr", server)
    other = FakeServer(token=Folder(whirr.cwd / ".whirr").secret())
    assert whirr("status", "--server", other.url).returncode == 4
    assert whirr("status", WHIRR_SERVER_URL=other.url).returncode == 4
    other.stop()
    os.close(handle)


def test_flags_win_over_the_environment_and_that_over_the_folder(
    whirr: Whirr, server: FakeServer
) -> None:
    handle = claim_to_run(whirr.cwd / ".whirr", server)
    other = FakeServer()
    whirr("runs", "--server", other.url, WHIRR_SERVER_URL="http://127.0.0.1:1")
    assert other.seen == ["GET /api/v1/runs"]
    whirr("runs", WHIRR_SERVER_URL=other.url)
    assert len(other.seen) == 2
    data = str(whirr.cwd / ".whirr")
    whirr("runs", "--data-dir", data, WHIRR_SERVER_URL=other.url)
    assert server.seen == ["GET /health", "GET /api/v1/runs"]
    whirr.cwd = Path("/")
    whirr("runs", WHIRR_DATA_DIR=data)
    assert len(server.seen) == 4
    other.stop()
    os.close(handle)


def test_without_any_server_the_way_out_is_told(whirr: Whirr) -> None:
    result = whirr("status")
    assert result.returncode == 3
    assert "whirr up" in result.stderr


def test_a_sleeping_stack_is_started_with_a_note(stack: Stack) -> None:
    stack("init")
    (stack.data / "config.yaml").write_text(f"port: {stack.port}\n")
    result = stack("dashboard")
    assert result.returncode == 0
    assert "starting it in the background" in result.stderr
    assert result.stdout.startswith(f"http://127.0.0.1:{stack.port}/enter#")


def test_a_taken_port_gives_way_unless_it_was_asked_for(stack: Stack) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        stack("init")
        (stack.data / "config.yaml").write_text(f"port: {port}\n")
        process = stack.start("up")
        assert process.stderr is not None
        assert f"port {port} is taken by another program; using" in process.stderr.readline()
        process.send_signal(signal.SIGINT)
        process.wait(timeout=20)
        result = stack("up", "--port", str(port))
        assert result.returncode == 1
        assert f"port {port} on 127.0.0.1 is taken" in result.stderr
        assert "--port" in result.stderr
        assert stack("up", "--detach", "--port", str(port)).returncode == 1
        assert stack("up", "--host", "192.0.2.1").returncode == 1


def test_ports_that_run_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert ports.choose("127.0.0.1", port, exactly=False) > port
        with pytest.raises(ports.PortTaken):
            ports.choose("127.0.0.1", port, exactly=True)


def test_the_secret_is_made_once_by_many_at_once(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    seen: list[str] = []
    threads = [threading.Thread(target=lambda: seen.append(folder.secret())) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(seen)) == 1
    assert len(seen[0]) >= 40
    assert [path.name for path in tmp_path.iterdir()] == ["secret"]


def test_a_torn_server_file_counts_as_none(tmp_path: Path) -> None:
    folder = Folder(tmp_path)
    for text in ("", '{"url": ', "[]", '{"url": 7}'):
        folder.server_file.write_text(text)
        assert folder.server() is None


def test_find_walks_up(tmp_path: Path) -> None:
    (tmp_path / ".whirr").mkdir()
    (tmp_path / "a" / "b").mkdir(parents=True)
    assert find(tmp_path / "a" / "b") == Folder(tmp_path / ".whirr")


def test_the_lock_names_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    assert not lock.is_held(path)
    handle = lock.acquire(path)
    assert lock.holder(path) == os.getpid()
    with pytest.raises(lock.Held) as held:
        lock.acquire(path)
    assert held.value.pid == os.getpid()
    os.close(handle)
    assert lock.holder(path) is None


def test_the_children_are_started_as_they_expect(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_TOKEN", "somebody-else's")
    monkeypatch.setenv("WHIRR_JOB_ID", "7")
    monkeypatch.setattr(roster, "gpus_visible", lambda: False)
    folder, shape = Folder(tmp_path), Shape("embedded", "127.0.0.1", 8080, slots=2)
    web, agent = roster.web(folder, shape), roster.agent(folder, shape)
    assert web.argv[-7:] == [
        *("-m", "whirr_site.web", "--host", "127.0.0.1", "--port", "8080", "--migrate")
    ]
    assert web.env["WHIRR_MODE"] == "embedded"
    assert web.env["WHIRR_DATA_DIR"] == str(tmp_path)
    assert not {"WHIRR_TOKEN", "WHIRR_JOB_ID"} & set(web.env)
    assert agent.env["WHIRR_TOKEN"] == folder.secret()
    assert agent.argv[-2:] == ["--slots", "2"]
    assert folder.secret() not in " ".join(agent.argv)
    monkeypatch.setattr(roster, "gpus_visible", lambda: True)
    assert roster.agent(folder, shape).argv[-2:] == ["--gpu", "all"]


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("::1", "http://[::1]:80"),
        ("node7", "http://node7:80"),
    ],
)
def test_how_this_machine_reaches_the_web_process(host: str, url: str) -> None:
    assert Shape("server", host, 80).url == url


def test_a_server_answers_to_this_machines_names(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hosts(mode: str, host: str) -> str:
        return roster.web(Folder(tmp_path), Shape(mode, host, 80)).env.get(
            "WHIRR_ALLOWED_HOSTS", ""
        )

    monkeypatch.delenv("WHIRR_ALLOWED_HOSTS", raising=False)
    everywhere = hosts("server", "0.0.0.0").split(",")
    assert {"localhost", "127.0.0.1", "[::1]", socket.gethostname().lower()} <= set(everywhere)
    assert hosts("server", "10.0.0.7").endswith(",10.0.0.7")
    assert hosts("embedded", "127.0.0.1") == ""
    monkeypatch.setenv("WHIRR_ALLOWED_HOSTS", "whirr.example.org")
    assert hosts("server", "0.0.0.0") == "whirr.example.org"


def test_no_gpu_where_nvidia_smi_fails(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "nvidia-smi"
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    for script, found in (("exit 9", False), ("echo 'GPU 0: H200 (UUID: x)'", True), ("", False)):
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        assert roster.gpus_visible() is found


def test_a_server_passes_its_urls_by_environment_alone(stack: Stack) -> None:
    told = stack.cwd / "told"
    url = "postgresql://me:hunter2@db/whirr"
    web = f'echo "$WHIRR_DATABASE_URL" > {told}; exec {stack.program[0]} {Path(__file__).with_name("fake_web.py")}'
    data = stack.cwd / "data"
    result = stack(
        *("server", "--host", "127.0.0.1", "--port", str(stack.port), "--data-dir", str(data)),
        *("--database-url", url, "--detach"),
        STAND_IN_WEB=web,
    )
    assert result.returncode == 0, result.stderr
    assert result.stdout == f"http://127.0.0.1:{stack.port}/\n"
    assert told.read_text().strip() == url
    server = json.loads((data / "server.json").read_text())
    assert server["mode"] == "server"
    shown = subprocess.run(
        ["ps", "-o", "args", "-g", str(server["pid"])], capture_output=True, text=True, check=False
    )
    assert "hunter2" not in shown.stdout
    assert (data / "secret").read_text().strip() not in result.stdout + result.stderr
    assert stack("down", "--data-dir", str(data)).returncode == 0
