"""What surrounds a run: the commit it ran from, and the packages it ran with.

Only what is listed here is read. Environment variables never are: they hold people's secrets.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

from whirr.wire import jsontext
from whirr.wire.files import write_whole

_PATIENCE = 20.0  # seconds for an answer of git
_AFTER = 0.1  # seconds: until then `whirr.init` has returned
_LARGEST_DIFF = 1024 * 1024
_LARGEST_ANSWER = 64 * 1024
_MOST_UNTRACKED = 200  # names
_HEAD = 8192  # bytes of a package's description: its name and version stand on top
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


class Capture:
    """In the background: training must not wait for git or a slow disk, nor its first moments for the interpreter."""

    def __init__(self, folder: Path, cwd: Path, *, git: bool, packages: bool) -> None:
        self._folder = folder
        self._cwd = cwd
        self._git = git
        self._packages = packages
        self._hurry = threading.Event()
        self._thread = threading.Thread(target=self._work, name="whirr-capture", daemon=True)
        self._thread.start()

    def end(self, patience: float) -> None:
        self._hurry.set()
        self._thread.join(patience)

    def _work(self) -> None:
        self._hurry.wait(_AFTER)
        try:
            if self._git:
                _capture_git(self._folder, self._cwd)
            if self._packages:
                _capture_packages(self._folder, list(sys.path))
        except Exception:  # no git, a full disk, an odd package
            return  # the run is worth more than its surroundings


def _capture_git(folder: Path, cwd: Path) -> None:
    commit = _git(cwd, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return
    diff = _git(
        *(cwd, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD"),
        limit=_LARGEST_DIFF + 1,
    )
    diff = diff or b""
    untracked = _untracked(cwd)
    facts = {
        "commit": _text(commit),
        "branch": _text(_git(cwd, "symbolic-ref", "--short", "-q", "HEAD")),
        "remote": without_credentials(_text(_git(cwd, "config", "--get", "remote.origin.url"))),
        "dirty": bool(diff),
        "diff_bytes": min(len(diff), _LARGEST_DIFF),
        "diff_truncated": len(diff) > _LARGEST_DIFF,
        "untracked": untracked[:_MOST_UNTRACKED],
        "untracked_truncated": len(untracked) > _MOST_UNTRACKED,
    }
    write_whole(folder / "git.json", jsontext.pretty(facts).encode())
    if diff:
        write_whole(folder / "git.diff", diff[:_LARGEST_DIFF])


def _untracked(cwd: Path) -> list[str]:
    """Names of files that no commit has, from the top of the repository; never what is in them."""
    top = _text(_git(cwd, "rev-parse", "--show-toplevel"))
    answer = _git(Path(top or cwd), "ls-files", "--others", "--exclude-standard", "-z") or b""
    return [name.decode("utf-8", "replace") for name in answer.split(b"\0")[:-1]]


def without_credentials(url: str) -> str:
    """Where a repository came from, without the password or token that some people's addresses hold."""
    scheme, mark, rest = url.partition("://")
    if not mark:
        host, colon, path = url.rpartition("@")[2].partition(":")
        user = url[: len(url) - len(url.rpartition("@")[2])]
        return f"{user if user == 'git@' else ''}{host}{colon}{path}"
    authority, slash, path = rest.partition("/")
    path = path.partition("?")[0].partition("#")[0]
    return f"{scheme}://{authority.rpartition('@')[2]}{slash}{path}"


def _text(answer: bytes | None) -> str:
    return (answer or b"").decode("utf-8", "replace").strip()


def _git(cwd: Path, *arguments: str, limit: int = _LARGEST_ANSWER) -> bytes | None:
    """Up to `limit` bytes of its output; None where there is no repository (or no git)."""
    import subprocess  # noqa: PLC0415  (in the background: not everybody who imports whirr needs it)

    with subprocess.Popen(
        [*_GIT, *arguments],
        cwd=cwd,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as process:
        alarm = threading.Timer(_PATIENCE, process.kill)
        alarm.daemon = True
        alarm.start()
        try:
            answer = process.stdout.read(limit) if process.stdout else b""
            cut = len(answer) == limit
            if cut:  # a diff of gigabytes is not for our memory
                process.kill()
        finally:
            process.wait()
            alarm.cancel()
    return answer if cut or process.returncode == 0 else None


def _capture_packages(folder: Path, places: list[str]) -> None:
    """Without `importlib.metadata`: its parsers of e-mail and of archives cost more than the whole library."""
    text = "\n".join(sorted(set(_packages(places)), key=str.lower)) + "\n"
    write_whole(folder / "requirements.txt", text.encode())


def _packages(places: list[str]) -> Iterator[str]:
    """`name==version` of what the running interpreter can import; the first of a name is the one it takes."""
    seen: set[str] = set()
    for place in places:
        try:
            names = sorted(os.listdir(place or "."))  # noqa: PTH208  (pathlib makes an object of each)
        except OSError:  # an archive, or not there
            continue
        for name in names:
            if name.endswith((".dist-info", ".egg-info")):
                facts = _headers(Path(place, name))
                found = facts.get("name", "")
                if found and found.lower() not in seen:
                    seen.add(found.lower())
                    yield f"{found}=={facts.get('version', '')}"


def _headers(package: Path) -> dict[str, str]:
    """The lines of its description before the first empty one."""
    for file in (package / "METADATA", package / "PKG-INFO", package):
        try:
            with file.open("rb") as source:
                head = source.read(_HEAD).decode("utf-8", "replace").replace("\r\n", "\n")
        except OSError:
            continue
        lines = head.partition("\n\n")[0].splitlines()
        pairs = (line.partition(":") for line in lines if not line[:1].isspace())
        return {name.lower(): value.strip() for name, colon, value in pairs if colon}
    return {}
