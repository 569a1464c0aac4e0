"""What surrounds a run: the commit it ran from, and the packages it ran with.

Only what is listed here is read. Environment variables never are: they hold people's secrets.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator
from pathlib import Path

from whirr.wire.files import write_whole

_PATIENCE = 20.0
_LARGEST_DIFF = 1024 * 1024
_GIT = ("git", "-c", "core.fsmonitor=false", "-c", "core.quotePath=false")


def start(folder: Path, cwd: Path, *, git: bool, packages: bool) -> threading.Thread:
    """In the background: training must not wait for git or a slow disk."""

    def work() -> None:
        try:
            if git:
                _capture_git(folder, cwd)
            if packages:
                _capture_packages(folder)
        except Exception:  # no git, a full disk, an odd package
            return  # the run is worth more than its surroundings

    thread = threading.Thread(target=work, name="whirr-capture", daemon=True)
    thread.start()
    return thread


def _capture_git(folder: Path, cwd: Path) -> None:
    commit = _git(cwd, "rev-parse", "--verify", "HEAD")
    if commit is None:
        return
    branch = _git(cwd, "symbolic-ref", "--short", "-q", "HEAD")
    diff = _git(cwd, "diff", "--no-ext-diff", "--no-textconv", "--no-color", "HEAD") or b""
    facts = {
        "commit": commit.decode().strip(),
        "branch": (branch or b"").decode("utf-8", "replace").strip(),
        "dirty": bool(diff),
        "diff_bytes": len(diff),
        "diff_truncated": len(diff) > _LARGEST_DIFF,
    }
    write_whole(folder / "git.json", json.dumps(facts, indent=2).encode())
    if diff:
        write_whole(folder / "git.diff", diff[:_LARGEST_DIFF])


def _git(cwd: Path, *arguments: str) -> bytes | None:
    """Its output; None where there is no repository (or no git)."""
    import subprocess  # noqa: PLC0415  (in the background: not everybody who imports whirr needs it)

    answer = subprocess.run(
        [*_GIT, *arguments],
        cwd=cwd,
        env={**os.environ, "GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0"},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        timeout=_PATIENCE,
        check=False,
    )
    return answer.stdout if answer.returncode == 0 else None


def _capture_packages(folder: Path) -> None:
    text = "\n".join(sorted(set(_packages()), key=str.lower)) + "\n"
    write_whole(folder / "requirements.txt", text.encode())


def _packages() -> Iterator[str]:
    """`name==version` of what the running interpreter can import."""
    import importlib.metadata  # noqa: PLC0415  (in the background: it costs as much as the rest of the library)

    for distribution in importlib.metadata.distributions():
        text = distribution.read_text("METADATA") or distribution.read_text("PKG-INFO") or ""
        facts = _headers(text)
        if facts.get("name"):
            yield f"{facts['name']}=={facts.get('version', '')}"


def _headers(text: str) -> dict[str, str]:
    """The lines before the first empty one. `distribution.version` would parse the whole text as an e-mail: 0.4 ms
    a package, where these two facts stand on top."""
    head = text.partition("\n\n")[0]
    pairs = (line.partition(":") for line in head.splitlines() if not line[:1].isspace())
    return {name.lower(): value.strip() for name, colon, value in pairs if colon}
