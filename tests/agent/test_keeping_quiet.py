"""The agent listens on no port, and what it must not tell stands nowhere where others could read it.

All processes of a working agent are looked at: the agent, its guard and its job.
"""

import contextlib
import json
import os
import re
import signal
import socket
from pathlib import Path

import pytest

from tests.agent.conftest import AgentProcess, Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for

AGENT_TOKEN, RUN_TOKEN = "canary-of-the-agent", "canary-of-the-run"
SECRETS = (AGENT_TOKEN.encode(), RUN_TOKEN.encode())
LISTENING, UNCONNECTED = "0A", "07"


@pytest.fixture
def job() -> str:
    """What it does: something in each of the files that an agent reads and ships."""
    return (
        "mkdir -p $WHIRR_RUN_DIR/artifacts; echo model > $WHIRR_RUN_DIR/artifacts/m; "
        'echo \'{"_idx": 0, "loss": 1}\' > $WHIRR_RUN_DIR/metrics.jsonl; '
        "echo begun; exec sleep 86400"
    )


@pytest.fixture
def working(server: FakeServer, start: Start, job: str) -> AgentProcess:
    agent = start("--log-level", "DEBUG", WHIRR_TOKEN=AGENT_TOKEN)
    key = server.submit("sh", "-c", job, run_token=RUN_TOKEN)
    server.log_with(key, b"begun")
    assert server.authorizations == {f"Bearer {AGENT_TOKEN}"}
    return agent


def tree(pid: int) -> list[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return [pid, *(each for child in children for each in tree(int(child)))]


def sockets(pid: int) -> set[str]:
    links = []
    for path in Path(f"/proc/{pid}/fd").iterdir():
        with contextlib.suppress(FileNotFoundError):  # closed meanwhile, as this listing's own
            links.append(str(path.readlink()))
    return {found[1] for link in links if (found := re.fullmatch(r"socket:\[(\d+)\]", link))}


def open_ports() -> set[str]:
    """The inodes of sockets that take what anybody sends: listening TCP, and UDP that talks to nobody."""
    found = set()
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            words = line.split()
            if words[3] == (LISTENING if name.startswith("tcp") else UNCONNECTED):
                found.add(words[9])
    return found


def test_no_process_of_an_agent_listens(working: AgentProcess, server: FakeServer) -> None:
    family = tree(working.pid)
    assert len(family) >= 3, "agent, guard and job"
    held = set().union(*(sockets(pid) for pid in family))
    assert held, "not even the connection to the server was seen"
    assert not held & open_ports()


def test_the_look_at_ports_would_see_one() -> None:
    with socket.create_server(("127.0.0.1", 0)):
        assert sockets(os.getpid()) & open_ports()


def test_no_command_line_holds_a_secret(working: AgentProcess) -> None:
    for pid in tree(working.pid):
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
        assert not [secret for secret in SECRETS if secret in line]


def test_only_the_job_has_a_token_in_its_environment_and_it_is_the_runs(
    working: AgentProcess,
) -> None:
    held = {pid: Path(f"/proc/{pid}/environ").read_bytes() for pid in tree(working.pid)}
    assert not [pid for pid, block in held.items() if AGENT_TOKEN.encode() in block]
    with_token = {pid for pid, block in held.items() if RUN_TOKEN.encode() in block}
    (record,) = working.records()
    assert with_token == {json.loads(record.read_bytes())["pid"]}


def test_no_file_holds_a_secret(working: AgentProcess, server: FakeServer) -> None:
    """Of all its folders: settings, log, records, runs; while it works, after kill -9, after a good end."""
    assert not leaks(working.data_dir)
    working.kill()
    assert not leaks(working.data_dir)


def test_no_file_holds_a_secret_after_a_good_end(working: AgentProcess, server: FakeServer) -> None:
    working.send(signal.SIGTERM)
    server.wait_for(lambda: not server.syncs[-1]["accepting"])
    working.send(signal.SIGTERM)
    assert working.wait() == 0
    assert "told again to stop" in working.log
    assert not leaks(working.data_dir)


def test_no_answer_brings_a_secret_into_the_log(server: FakeServer, start: Start) -> None:
    """Refusals, broken connections, orders that cannot be read and commands that cannot be started."""
    agent = start("--log-level", "DEBUG", WHIRR_TOKEN=AGENT_TOKEN)
    server.misbehave("/sync", times=2, perform=False)
    server.misbehave("/sync", status=500, perform=False)
    broken = {"command_argv": 5, "env": [RUN_TOKEN]}
    server.submit("never", run_token=RUN_TOKEN, **broken)
    key = server.submit("/no/such/program", run_token=RUN_TOKEN, env={"PASSWORD": RUN_TOKEN})
    assert server.outcome(key)["outcome"] == "never_started"
    wait_for(lambda: "could not be" in agent.log)
    assert not leaks(agent.data_dir)
    assert RUN_TOKEN not in json.dumps(server.finishes[key])


def test_who_may_read_the_agents_own_folder(working: AgentProcess) -> None:
    assert working.state.stat().st_mode & 0o077 == 0
    inside = [path for path in working.state.rglob("*") if path.is_file()]
    assert {"worker.log", "session", "lock"} <= {path.name for path in inside}
    assert working.records()


def leaks(folder: Path) -> list[Path]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) >= 4, "there was nothing to look at"
    return [path for path in files if any(secret in _content(path) for secret in SECRETS)]


def _content(path: Path) -> bytes:
    """Of a file that a living agent removes at this moment: nothing."""
    with contextlib.suppress(FileNotFoundError):
        return path.read_bytes()
    return b""
