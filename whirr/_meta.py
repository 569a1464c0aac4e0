"""meta.json: who and what a run is. Written anew, in one step, whenever something in it changes."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from whirr import _times, _values
from whirr._place import Place
from whirr.wire import layout
from whirr.wire.files import read_json_object, write_whole


class Meta:
    def __init__(self, place: Place, name: str | None, tags: Iterable[str]) -> None:
        self._path = place.folder / layout.META
        before = read_json_object(self._path) or {}  # an earlier process of the same job
        self.fields: dict[str, Any] = {
            "id": place.run_id,
            "name": name or before.get("name") or "",
            "tags": list(dict.fromkeys([*(before.get("tags") or []), *map(str, tags)])),
            "status": "running",
            "started_at": before.get("started_at") or _times.now(),
            "finished_at": None,
            "hostname": platform.node(),
            "pid": os.getpid(),
            "summary": before.get("summary") or {},
            "python": platform.python_version(),
            "argv": _without_secrets(sys.argv),
            "kind": place.kind,
        }

    def add_to_summary(self, values: Mapping[str, Any]) -> None:
        self.fields["summary"].update(_values.plain(values))

    def end(self, status: str) -> None:
        self.fields.update(status=status, finished_at=_times.now())

    def save(self) -> None:
        write_whole(self._path, json.dumps(self.fields, indent=2).encode())


def save_config(folder: Path, config: Mapping[str, Any]) -> dict[str, Any]:
    """config.json: what the job was submitted with, and over it what the program says."""
    path = folder / "config.json"
    whole: dict[str, Any] = {**(read_json_object(path) or {}), **_values.plain(config)}
    if whole:
        write_whole(path, json.dumps(whole, indent=2).encode())
    return whole


_SECRET_WORDS = ("token", "password", "passwd", "secret", "api-key", "api_key", "apikey")


def _without_secrets(argv: list[str]) -> list[str]:
    """A command line is kept for people to repeat; what looks like a password is not."""
    kept: list[str] = []
    hide_next = False
    for part in argv:
        option, has_value, _ = part.partition("=")
        secret = option.startswith("-") and any(word in option.lower() for word in _SECRET_WORDS)
        if hide_next and not part.startswith("-"):
            kept.append("***")
        elif secret and has_value:
            kept.append(f"{option}=***")
        else:
            kept.append(part)
        hide_next = secret and not has_value
    return kept
