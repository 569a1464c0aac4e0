"""Real PostgreSQL and Redis servers for the tests, from the binaries that Debian installs."""

import json
import os
import pwd
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.ports import free_port

GUARD = Path(__file__).with_name("guard.py")
READY = b"eady to accept connections"  # PostgreSQL says "ready …", Redis "Ready …"
PATIENCE = 60.0

POSTGRES_HINT = "PostgreSQL's programs (initdb, postgres) are missing: apt-get install postgresql"
REDIS_HINT = "redis-server is missing: apt-get install redis-server"
SYSTEMD_HINT = "systemd-analyze is missing: apt-get install systemd"
CHROMIUM_HINT = "Chromium is missing: apt-get install chromium"


class Missing(Exception):
    """A program that the tests need is not installed; the text says how to get it."""


class DidNotStart(Exception):
    """A server came down before it was ready; the text is what it said."""


@dataclass
class Server:
    url: str
    guard: subprocess.Popen[bytes]
    log: IO[bytes]

    def stop(self) -> None:
        _end(self.guard, self.log)


def postgres_programs() -> Path:
    """The folder with initdb and postgres. Debian keeps it off the PATH."""
    folders = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    newest_first = sorted(folders, key=lambda path: int(path.parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    if on_path:
        newest_first.append(Path(on_path).resolve())
    for initdb in newest_first:
        if initdb.with_name("postgres").exists():
            return initdb.parent
    raise Missing(POSTGRES_HINT)


def redis_program() -> str:
    found = shutil.which("redis-server")
    if found is None:
        raise Missing(REDIS_HINT)
    return found


def systemd_analyze() -> str:
    """systemd's own checker of units; nothing has to run under systemd for it."""
    found = shutil.which("systemd-analyze")
    if found is None:
        raise Missing(SYSTEMD_HINT)
    return found


def chromium_program() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    raise Missing(CHROMIUM_HINT)


def start_postgres() -> Server:
    """A server with an empty database `postgres`, on a free port of the loopback interface."""
    programs = postgres_programs()
    folder, password, port = _folder(), secrets.token_hex(16), free_port()
    _write(folder / "password", password)
    fast_not_durable = ("fsync=off", "synchronous_commit=off", "full_page_writes=off")
    settings = (
        *("listen_addresses=127.0.0.1", f"port={port}", "unix_socket_directories="),
        *("max_connections=200", "shared_buffers=64MB", "timezone=UTC", *fast_not_durable),
    )
    data = str(folder / "data")
    initdb = [
        *(str(programs / "initdb"), "--pgdata", data, "--username", "whirr", "--no-sync"),
        *("--auth", "scram-sha-256", "--pwfile", str(folder / "password")),
        *("--encoding", "UTF8", "--locale", "C"),
    ]
    postgres = [str(programs / "postgres"), "-D", data]
    for setting in settings:
        postgres += ["-c", setting]
    guard, log = start_program(initdb, postgres, folder=folder, stop=signal.SIGQUIT)
    return Server(f"postgresql://whirr:{password}@127.0.0.1:{port}/postgres", guard, log)


def start_redis() -> Server:
    program = redis_program()
    folder, password, port = _folder(), secrets.token_hex(16), free_port()
    lines = [
        f"port {port}",
        "bind 127.0.0.1",
        f"requirepass {password}",
        'save ""',
        f"dir {folder}",
    ]
    _write(folder / "redis.conf", "\n".join([*lines, ""]))
    guard, log = start_program([program, str(folder / "redis.conf")], folder=folder)
    return Server(f"redis://:{password}@127.0.0.1:{port}/0", guard, log)


def start_program(
    *commands: list[str], folder: Path | None = None, stop: int = signal.SIGTERM
) -> tuple[subprocess.Popen[bytes], IO[bytes]]:
    """Run the commands under a guard; back when the last one says that it is ready."""
    folder = folder or _folder()
    spec = {"folder": str(folder), "owner": _owner(), "commands": commands, "stop": int(stop)}
    log = tempfile.TemporaryFile()  # noqa: SIM115  (it lives as long as the server)
    guard = subprocess.Popen(
        [sys.executable, "-I", str(GUARD), json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,  # Ctrl-C is for pytest, which still needs the server then
    )
    deadline = time.monotonic() + PATIENCE
    while READY not in _said(log):
        if guard.poll() is not None or time.monotonic() > deadline:
            said = _said(log).decode(errors="replace")
            _end(guard, log)
            raise DidNotStart(f"{commands[-1][0]} did not start; it said:\n{said}")
        time.sleep(0.02)
    return guard, log


def _end(guard: subprocess.Popen[bytes], log: IO[bytes]) -> None:
    assert guard.stdin is not None
    guard.stdin.close()
    guard.wait(timeout=30)
    log.close()


def _said(log: IO[bytes]) -> bytes:
    # pread: the servers share this file's position, and reading must not move it
    return os.pread(log.fileno(), 1_000_000, 0)


def _owner() -> str | None:
    """PostgreSQL refuses to run as root, so root runs the servers as somebody else."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _folder() -> Path:
    return _handed_over(Path(tempfile.mkdtemp(prefix="whirr-test-server-")))


def _write(path: Path, text: str) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    _handed_over(path)


def _handed_over(path: Path) -> Path:
    owner = _owner()
    if owner is not None:
        shutil.chown(path, owner)
    return path
