"""The process that stays: what it has not loaded, and what it does not show."""

import json
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.agent.conftest import INSTALLED, ROOT, AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.test_killing import begin
from tests.agent.watching import must_be_gone, wait_for

# Each of these, or what it brings along, costs half a megabyte to six.
HEAVY = {
    "argparse", "ast", "asyncio", "collections", "contextlib", "ctypes", "dataclasses", "datetime", "email",
    "encodings.idna", "enum", "functools", "gzip", "hashlib", "http", "importlib", "inspect", "json", "locale",
    "logging", "pathlib", "platform", "random", "re", "runpy", "signal", "site", "socket", "ssl", "subprocess",
    "tempfile", "threading", "traceback", "typing", "urllib", "warnings", "weakref", "zipfile", "zlib",
    "worker_agent.main", "worker_agent.options", "worker_agent.packing", "whirr.wire.tls",
}  # fmt: skip

LIFE = """
import sys
sys.path.append(sys.argv[1])
from worker_agent import kernel, resident
from worker_agent.settings import Settings
kernel.become_subreaper()
code = resident.work(Settings(
    server=sys.argv[2], data_dir=sys.argv[3], gpus=None, gpu_ids="index",
    poll_interval=1, heartbeat_interval=30, lease_seconds=60,
    token="", name="node1", tags=[], log_level="INFO", bandwidth=None, slots=1, once=True, on_stop="finish",
))
print(code, *sys.modules)
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = tmp_path_factory.mktemp("dist") / "whirr-worker.pyz"
    script = ROOT / "scripts" / "build_agent.py"
    subprocess.run([sys.executable, str(script), str(target)], check=True, capture_output=True)
    return str(target)


@pytest.fixture
def packed(server: FakeServer, start: Start, archive: str) -> AgentProcess:
    """An agent from the one file, as people start it."""
    agent = start(program=[sys.executable, "-I", archive], WHIRR_TOKEN="canary")
    assert server.is_registered()
    return agent


def shown(agent: AgentProcess, what: str) -> list[str]:
    return (Path("/proc") / str(agent.pid) / what).read_bytes().decode().split("\0")


def test_a_whole_life_loads_nothing_heavy(server: FakeServer, archive: str, tmp_path: Path) -> None:
    key = server.submit("sh", "-c", "echo hello; : > $WHIRR_RUN_DIR/artifacts/x", config={"a": [1]})
    data_dir = tmp_path / "data"
    lived = subprocess.run(
        [sys.executable, "-I", "-S", "-c", LIFE, archive, server.url, str(data_dir)],
        capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    code, *loaded = lived.stdout.split()
    assert (code, server.log(key)) == ("0", b"hello\n")
    assert {"worker_agent.agent", "whirr.wire.client"} <= set(loaded)
    assert not HEAVY & set(loaded)


def test_the_process_that_stays_is_the_one_that_was_started(
    server: FakeServer, packed: AgentProcess
) -> None:
    assert shown(packed, "comm") == ["whirr-worker\n"]
    words = shown(packed, "cmdline")
    assert {"-I", "-S", "whirr-worker", "node1", server.url, str(packed.data_dir)} <= set(words)
    maps = (Path("/proc") / str(packed.pid) / "maps").read_text()
    assert not [part for part in ("_ssl", "_ctypes", "memfd:") if part in maps]
    packed.send(signal.SIGTERM)
    assert packed.wait() == 0


@pytest.mark.parametrize("form", [["--token", "canary"], ["--token=canary"], []])
def test_no_secret_stays_in_sight(server: FakeServer, start: Start, form: list[str]) -> None:
    agent = start(*form, WHIRR_TOKEN="canary", WHIRR_SECRET_KEY="canary", KEPT="yes")
    assert server.is_registered()
    assert server.authorizations == {"Bearer canary"}
    assert not [word for word in shown(agent, "cmdline") if "canary" in word]
    found = shown(agent, "environ")
    assert "KEPT=yes" in found
    assert not [word for word in found if "canary" in word]


def test_jobs_do_not_inherit_how_the_agent_saves_memory(
    server: FakeServer, start: Start, archive: str
) -> None:
    agent = start(program=[sys.executable, "-I", archive], MALLOC_ARENA_MAX="7")
    key = server.submit("env")
    server.outcome(key)
    lines = server.log(key).decode().splitlines()
    assert [line for line in lines if line.startswith("MALLOC_")] == ["MALLOC_ARENA_MAX=7"]
    assert "MALLOC_ARENA_MAX=7" in shown(agent, "environ")


def test_jobs_inherit_no_open_file(server: FakeServer, start: Start) -> None:
    start(program=["sh", "-c", 'exec "$0" "$@" 9>&1', *INSTALLED])
    script = "for fd in 3 4 5 6 7 8 9; do [ ! -e /proc/$$/fd/$fd ] || echo $fd; done; echo looked"
    key = server.submit("sh", "-c", script)
    server.outcome(key)
    assert server.log(key) == b"looked\n"


def test_the_guard_is_small_and_does_its_work(
    server: FakeServer, packed: AgentProcess, nap: str
) -> None:
    begin(server, "setsid sleep {nap} & wait", nap)
    names = [(Path("/proc") / str(pid) / "comm").read_text() for pid in children_of(packed.pid)]
    assert "sh\n" in names
    packed.send(signal.SIGKILL)
    must_be_gone(nap)


def children_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(word) for word in text.split()]


def test_tls_is_there_when_it_is_needed(server: FakeServer, start: Start, archive: str) -> None:
    url = server.url.replace("http:", "https:")
    agent = start("--server", url, program=[sys.executable, "-I", archive])
    wait_for(lambda: "no TLS with 127.0.0.1" in agent.log)


def test_it_stays_as_it_is_where_it_cannot_be_started_anew(
    server: FakeServer, tmp_path: Path
) -> None:
    """A Python that does not know its own program: embedded, or started in an odd way."""
    key = server.submit("echo", "done")
    code = "import sys; sys.executable = ''; from worker_agent.main import main; sys.exit(main())"
    options = ["--server", server.url, "--data-dir", str(tmp_path), "--name", "n", "--once"]
    ended = subprocess.run(
        [sys.executable, "-c", code, *options], cwd=ROOT, timeout=60, check=False
    )
    assert (ended.returncode, server.log(key)) == (0, b"done\n")


def test_the_options_may_be_long(server: FakeServer, start: Start) -> None:
    tags = [f"tag-{number}" for number in range(5_000)]
    start("--tags", ",".join(tags))
    assert server.is_registered()
    assert json.loads(json.dumps(server.registrations[0]["tags"])) == tags
