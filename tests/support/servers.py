"""Real PostgreSQL and Redis servers for the tests, from the binaries that Debian installs."""

import json
import os
import pwd
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import IO

GUARD = Path(__file__).with_name("guard.py")
READY = b"eady to accept connections"  # PostgreSQL says "ready …", Redis "Ready …"
PATIENCE = 60.0

POSTGRES_HINT = "PostgreSQL's programs (initdb, postgres) are missing: apt-get install postgresql"
REDIS_HINT = "redis-server is missing: apt-get install redis-server"
CHROMIUM_HINT = "Chromium is missing: apt-get install chromium"


class Missing(Exception):  # noqa: N818  (words, not kinds of error)
    """A program that the tests need is not installed; the text says how to get it."""


class DidNotStart(Exception):  # noqa: N818
    """A server came down before it was ready; the text is what it said."""


@dataclass
class Server:
    url: str
    guard: subprocess.Popen[bytes]
    log: IO[bytes]

    def stop(self) -> None:
        assert self.guard.stdin is not None
        self.guard.stdin.close()
        self.guard.wait(timeout=30)
        self.log.close()

    def said(self) -> bytes:
        # pread: the servers share this file's position, and reading must not move it
        return os.pread(self.log.fileno(), 1_000_000, 0)


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


def chromium_program() -> str:
    for name in ("chromium", "chromium-browser", "google-chrome"):
        found = shutil.which(name)
        if found is not None:
            return found
    raise Missing(CHROMIUM_HINT)


def start_postgres() -> Server:
    """A server with a database `whirr`, listening on a free port of the loopback interface."""
    programs = postgres_programs()
    folder, owner, password = _folder(), _owner(), secrets.token_hex(16)
    _write(folder / "password", password, owner)
    port = _free_port()
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
    url = f"postgresql://whirr:{password}@127.0.0.1:{port}/postgres"
    return _start(url, folder, owner, [initdb, postgres], stop=signal.SIGQUIT)


def start_redis() -> Server:
    program = redis_program()
    folder, owner, password = _folder(), _owner(), secrets.token_hex(16)
    port = _free_port()
    lines = [f"port {port}", "bind 127.0.0.1", f"requirepass {password}", 'save ""', "daemonize no"]
    _write(folder / "redis.conf", "\n".join([*lines, f"dir {folder}", ""]), owner)
    url = f"redis://:{password}@127.0.0.1:{port}/0"
    command = [program, str(folder / "redis.conf")]
    return _start(url, folder, owner, [command], stop=signal.SIGTERM)


def _start(
    url: str, folder: Path, owner: str | None, commands: list[list[str]], *, stop: int
) -> Server:
    spec = {"folder": str(folder), "owner": owner, "commands": commands, "stop": int(stop)}
    log = tempfile.TemporaryFile()  # noqa: SIM115 -- it lives as long as the server
    guard = subprocess.Popen(
        [sys.executable, "-I", str(GUARD), json.dumps(spec)],
        stdin=subprocess.PIPE,
        stdout=log,
        stderr=log,
        start_new_session=True,
    )
    server = Server(url, guard, log)
    deadline = time.monotonic() + PATIENCE
    while READY not in server.said():
        if guard.poll() is not None or time.monotonic() > deadline:
            said = server.said().decode(errors="replace")
            server.stop()
            raise DidNotStart(f"{commands[-1][0]} did not start; it said:\n{said}")
        time.sleep(0.02)
    return server


def _owner() -> str | None:
    """PostgreSQL refuses to run as root, so root runs the servers as somebody else."""
    if os.geteuid() != 0:
        return None
    names = {user.pw_name for user in pwd.getpwall()}
    return "postgres" if "postgres" in names else "nobody"


def _folder() -> Path:
    folder = Path(tempfile.mkdtemp(prefix="whirr-test-server-"))
    owner = _owner()
    if owner is not None:
        shutil.chown(folder, owner)
    return folder


def _write(path: Path, text: str, owner: str | None) -> None:
    path.touch(mode=0o600)
    path.write_text(text)
    if owner is not None:
        shutil.chown(path, owner)


def _free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port
