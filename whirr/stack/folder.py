"""The data folder (`.whirr/`): where its files are, and how they are written."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import Any

NAME = ".whirr"

CONFIG_TEMPLATE = """\
# Settings of this whirr project. Flags and WHIRR_* variables win over this file.

# Jobs submitted from here belong to this project.
project: {project}

# The port of `whirr up`; if it is taken, the next free one is used.
port: 8080
"""


@dataclass(frozen=True)
class Folder:
    """A data folder. Nothing here touches the disk until a method is called."""

    path: Path

    @property
    def config(self) -> Path:
        return self.path / "config.yaml"

    @property
    def secret_file(self) -> Path:
        return self.path / "secret"

    @property
    def server_file(self) -> Path:
        return self.path / "server.json"

    @property
    def lock_file(self) -> Path:
        return self.path / "stack.lock"

    @property
    def open_page(self) -> Path:
        return self.path / "open.html"

    @property
    def logs(self) -> Path:
        return self.path / "logs"

    def make(self) -> bool:
        """Create what is missing, readable by the owner alone; True if the folder is new."""
        new = not self.path.is_dir()
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        if new:
            self.path.chmod(0o700)  # whatever the umask says
        for part in ("runs", "logs"):
            (self.path / part).mkdir(mode=0o700, exist_ok=True)
        _write_once(self.path / ".gitignore", "*\n")
        _write_once(self.config, CONFIG_TEMPLATE.format(project=self._project_name()))
        return new

    def _project_name(self) -> str:
        """The name of the project's folder as a YAML text, quoted because it may hold anything."""
        owner = self.path.parent if self.path.name == NAME else self.path
        return json.dumps(owner.name or "default", ensure_ascii=False)

    def secret(self) -> str:
        """The start-up secret; made with 256 random bits on first use."""
        if not self.secret_file.exists():
            _write_once(self.secret_file, secrets.token_urlsafe(32) + "\n")
        return self.secret_file.read_text().strip()

    def server(self) -> dict[str, Any] | None:
        """What the running stack says of itself in server.json; None without a readable file."""
        try:
            found = json.loads(self.server_file.read_text())
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and isinstance(found.get("url"), str) else None

    def announce(self, facts: dict[str, Any]) -> None:
        """Write server.json as a whole: a reader sees the old one or the new one."""
        replace(self.server_file, json.dumps(facts) + "\n")


def find(start: Path) -> Folder | None:
    """The nearest `.whirr/` in `start` or above it."""
    for place in (start, *start.parents):
        if (place / NAME).is_dir():
            return Folder(place / NAME)
    return None


def replace(path: Path, text: str) -> None:
    """Write a file aside (mode 0600) and move it into place."""
    draft = _draft(path, text)
    draft.replace(path)


def _write_once(path: Path, text: str) -> None:
    """Create a file with this text unless it exists: of several writers the first wins."""
    if path.exists():
        return
    draft = _draft(path, text)
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()


def _draft(path: Path, text: str) -> Path:
    draft = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
    return draft
