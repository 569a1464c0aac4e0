"""What `whirr doctor` looks at from outside: the folder, the server, GPUs, and runs that nobody has been sent."""

from __future__ import annotations

import json
import os
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from importlib.util import find_spec
from pathlib import Path

from whirr import __version__
from whirr.cli import asking, syncing
from whirr.stack import roster
from whirr.stack.folder import Folder
from whirr.wire import Client, WireError

OK, WARN, BAD = "ok", "warn", "bad"
LITTLE, TOO_LITTLE = 2 * 1024**3, 100 * 1024**2  # bytes that are free
SECRETS = ("secret", "secret-key")
OF_THE_NETWORK = ("nfs", "nfs4", "cifs", "smb3", "fuse.sshfs", "9p", "lustre", "beegfs")
CLOCKS_APART = 5.0  # seconds; an answer's Date knows no smaller ones
PATIENCE = 120.0
Finding = dict[str, str]


@dataclass(frozen=True)
class Server:
    """Where to ask, and whether the folder is its own."""

    url: str
    token: str | None
    is_own: bool


def finding(what: str, state: str, says: str, mend: str = "") -> Finding:
    """One thing that was looked at; `mend` where it is not well."""
    return {"what": what, "state": state, "says": says, "mend": mend}


def of_folder(folder: Folder) -> Iterator[Finding]:
    """The data folder: there, writable, with room, and its secrets kept."""
    path = folder.path
    if not path.is_dir():
        yield finding("folder", BAD, f"{path} is not there", "`whirr init` makes one")
        return
    if not os.access(path, os.W_OK | os.X_OK):
        yield finding("folder", BAD, f"{path} is not writable", f"chown or chmod {path}")
        return
    yield _room(path)
    for name in SECRETS:
        file = path / name
        if file.exists() and stat.S_IMODE(file.stat().st_mode) & 0o077:
            yield finding("secrets", BAD, f"others can read {file}", f"chmod 600 {file}")
    kind = _file_system(path)
    if kind in OF_THE_NETWORK and (path / "whirr.db").exists():
        mend = "move the folder to a local disk, or use PostgreSQL"
        yield finding("folder", WARN, f"SQLite on {kind} is not safe", mend)


def _room(path: Path) -> Finding:
    free = shutil.disk_usage(path).free
    state = BAD if free < TOO_LITTLE else WARN if free < LITTLE else OK
    mend = "" if state == OK else "delete runs (`whirr rm`), or move the folder to a larger disk"
    return finding("folder", state, f"{path}, {free / 1024**3:.1f} GiB free", mend)


def _file_system(path: Path) -> str:
    """The kind of the file system that holds the folder; "" where that is not known."""
    best, kind = -1, ""
    try:
        mounts = Path("/proc/mounts").read_text().splitlines()
    except OSError:
        return ""
    for line in mounts:
        _, where, name, *_ = line.split(" ")
        inside = path == Path(where) or Path(where) in path.parents
        if inside and len(where) > best:
            best, kind = len(where), name
    return kind


def of_server(server: Server) -> Iterator[Finding]:
    """The server: it answers, it is of this version, its clock and its workers are well."""
    with Client(server.url, server.token) as client:
        try:
            began = time.time()
            answer = client.get("/health")
            spent = time.time() - began
            status = asking.thing(client, "/api/v1/status")
            workers = asking.listing(client, "/api/v1/workers", "workers")
        except WireError as error:
            yield finding("server", BAD, f"{server.url}: {error}", "see its logs; WHIRR_SERVER_URL")
            return
    yield _version(server.url, str(status.get("version") or ""), spent)
    yield from _clock(answer.headers.get("date", ""))
    yield from _workers(workers)


def _version(url: str, version: str, spent: float) -> Finding:
    told = f"{url} answers in {spent * 1000:.0f} ms"
    if version and version != __version__:
        mend = "use the same version on both sides"
        return finding("server", WARN, f"{told}; it is {version}, this is {__version__}", mend)
    return finding("server", OK, f"{told}, version {version or 'unknown'}")


def _clock(date: str) -> Iterator[Finding]:
    try:
        apart = abs(time.time() - parsedate_to_datetime(date).timestamp())
    except (TypeError, ValueError):
        return
    if apart > CLOCKS_APART:
        mend = "let both machines keep time (chrony, systemd-timesyncd)"
        yield finding("clock", WARN, f"the server's is {apart:.0f} s apart from this one", mend)


def _workers(workers: list[dict[str, object]]) -> Iterator[Finding]:
    away = [str(each.get("id")) for each in workers if each.get("status") == "offline"]
    if away:
        some = ", ".join(away[:5]) + (" …" if len(away) > 5 else "")
        mend = "start them again, or forget them: `whirr workers rm NAME`"
        yield finding("workers", WARN, f"{len(away)} of {len(workers)} offline: {some}", mend)
    elif workers:
        yield finding("workers", OK, f"{len(workers)}, none offline")
    else:
        yield finding("workers", WARN, "none", "`whirr worker` runs an agent on a machine")


def of_gpus() -> Finding:
    """Whether the GPUs of this machine can be asked."""
    if shutil.which("nvidia-smi") is None:
        return finding("GPUs", OK, "no nvidia-smi here: jobs of this machine run on its CPU")
    try:
        listed = subprocess.run(["nvidia-smi", "-L"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        return finding("GPUs", BAD, f"nvidia-smi: {error}", "look at `dmesg`; restart the driver")
    count = listed.stdout.count(b"GPU ")
    if listed.returncode or not count:
        said = (listed.stdout + listed.stderr).decode(errors="replace").strip().splitlines()
        told = said[0] if said else f"exit code {listed.returncode}"
        return finding("GPUs", BAD, f"nvidia-smi: {told}", "restart or reinstall the driver")
    return finding("GPUs", OK, f"{count}")


def of_direct_runs(folder: Folder, server: Server | None) -> Iterator[Finding]:
    """Runs that have not been delivered to the server, where it does not see this folder itself."""
    if server is None or server.is_own or not (folder.path / "runs").is_dir():
        return
    there = syncing.Address(server.url, server.token)
    left = [
        each.name
        for each in syncing.folders(folder.path, None)
        if not syncing.problem_of(each) and not syncing.is_done(each, there)
    ]
    if left:
        some = ", ".join(left[:3]) + (" …" if len(left) > 3 else "")
        told = f"{len(left)} not delivered to {server.url}: {some}"
        yield finding("direct runs", WARN, told, "`whirr sync` delivers them")


def from_inside(folder: Folder) -> Iterator[Finding]:
    """What the server's own environment says of its database, storage and background work."""
    if find_spec("django") is None:
        return
    if not (folder.path / "whirr.db").exists() and not _names_a_database():
        server = folder.server()
        if server and server.get("mode") == "server":
            mend = "set WHIRR_DATABASE_URL as the server has it"
            yield finding("database", WARN, "is not looked at: it is not named here", mend)
        else:
            yield finding("database", OK, "none yet: the first `whirr up` makes it")
        return
    try:
        done = manage(folder, "diagnose", capture=True)
        yield from json.loads(done.stdout)
    except subprocess.TimeoutExpired:
        yield finding("database", BAD, f"does not answer within {PATIENCE:.0f} s", "see its logs")
    except ValueError:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        told = said[-1] if said else f"exit code {done.returncode}"
        yield finding("server's settings", BAD, told, "see docs/settings.md")


def manage(folder: Folder, *argv: str, capture: bool) -> subprocess.CompletedProcess[bytes]:
    """Run a command of the server in the environment of its processes. Raises TimeoutExpired where it is captured."""
    mode = "server" if _names_a_database() else "embedded"
    env = roster.environment() | {"WHIRR_MODE": mode, "WHIRR_DATA_DIR": str(folder.path)}
    env["DJANGO_SETTINGS_MODULE"] = "whirr_site.settings"
    return subprocess.run(
        [*roster.python("django"), *argv],
        env=env,
        capture_output=capture,
        timeout=PATIENCE if capture else None,
        check=False,
    )


def _names_a_database() -> bool:
    names = ("WHIRR_DATABASE_URL", "WHIRR_REDIS_URL")
    return any(os.environ.get(name, "").strip() for name in names)
