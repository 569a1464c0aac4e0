"""meta.json: who and what a run is. Written anew, in one step, whenever something in it changes."""

from __future__ import annotations

import errno
import os
import sys

from whirr import _times, _values
from whirr.wire import jsontext, layout
from whirr.wire.files import create, draft_of, read_json_object, read_text, remove, write_whole
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path
    from typing import Any

    from whirr._place import Place

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_LARGEST = 1024 * 1024


class Meta:
    """The main writer's. Another writer that begins a run writes it until the main one comes: on a node that
    shares no disk with rank 0, it never does."""

    def __init__(
        self,
        place: Place,
        writer: str,
        *,
        name: str | None,
        project: str | None,
        tags: Iterable[str],
    ) -> None:
        self._path = place.folder / layout.META
        before = read_json_object(self._path) or {}  # an earlier process of the same run
        self._main = writer == ""
        # No two processes are the same writer at a time: its earlier one has ended.
        self._claimed = self._main or before.get("writer", writer) == writer
        self._fresh = not before
        self.went_before = bool(before) and not before.get("writer")
        self.fields: dict[str, Any] = {
            "id": place.run_id,
            "name": name or before.get("name") or "",
            "project": project or before.get("project") or _project(place.data_dir),
            "tags": list(dict.fromkeys([*(before.get("tags") or []), *map(str, tags)])),
            "status": "running",
            "started_at": before.get("started_at") or _times.now(),
            "finished_at": None,
            "hostname": os.uname().nodename,
            "pid": os.getpid(),
            "writer": writer,
            "summary": before.get("summary") or {},
            "python": sys.version.split()[0],
            "argv": _without_secrets(getattr(sys, "argv", [])),
            "kind": place.kind,
            "dropped": _count(before, "dropped"),
            "resumed": _count(before, "resumed"),
        }
        self._dropped_before = self.fields["dropped"]
        if self._main and self.went_before and place.kind == "direct":
            self.fields["resumed"] += 1

    def add_to_summary(self, values: Mapping[str, Any]) -> None:
        self.fields["summary"].update(_values.plain(values))

    def dropped(self, count: int) -> None:
        """How much this process could not record, on top of those before it."""
        self.fields["dropped"] = self._dropped_before + count

    def end(self, status: str) -> None:
        self.fields.update(status=status, finished_at=_times.now())

    def save(self) -> None:
        """Raises OSError where the disk refuses. Nothing where it is another process's to write."""
        if not self.ours:
            return
        data = jsontext.pretty(self.fields).encode()
        if self._fresh and not self._main:
            self._claimed = self._be_first(data)
        else:
            try:
                write_whole(self._path, data)
            except OSError as error:
                if error.errno not in _FULL:
                    raise
                _write_over(self._path, data)
        self._fresh = False

    def give_up(self) -> None:
        """In a forked child: it is its parent's."""
        self._claimed = False

    @property
    def ours(self) -> bool:
        """Whether this process writes it. The main writer may have come meanwhile."""
        if self._claimed and not self._main:
            found = read_json_object(self._path) or {}
            self._claimed = found.get("writer", self.fields["writer"]) == self.fields["writer"]
        return self._claimed

    def _be_first(self, data: bytes) -> bool:
        """Of many ranks that come at once, one describes the run."""
        draft = draft_of(self._path, ".tmp")
        with os.fdopen(create(draft), "wb") as file:
            try:
                file.write(data)
                file.flush()
                os.link(draft, self._path)
            except FileExistsError:
                return False
            finally:
                remove(draft)
        return True


def _write_over(path: Path, data: bytes) -> None:
    """The same file with another text, in the room that it has already: also a run on a full disk has an end.

    Raises OSError, and leaves the old text, where the new one needs more room.
    """
    fd = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    try:
        old = os.pread(fd, _LARGEST, 0)
        if os.pwrite(fd, data, 0) < len(data):
            os.pwrite(fd, old, 0)
            raise OSError(errno.ENOSPC, "no space left for meta.json")
        os.ftruncate(fd, len(data))
    finally:
        os.close(fd)


def save_config(folder: Path, config: Mapping[str, Any]) -> None:
    """config.json, whole. An empty one is not written."""
    if config:
        write_whole(folder / "config.json", jsontext.pretty(config).encode())


def merged_config(folder: Path, config: Any) -> dict[str, Any]:
    """What the job was submitted with, or the run began with, and over it what the program says."""
    plain = _values.plain(config)
    if not isinstance(plain, dict):
        empty = (
            plain is None or getattr(config, "__dict__", None) == {}
        )  # Namespace() holds nothing
        plain = {} if empty else {"config": plain}
    return {**(read_json_object(folder / "config.json") or {}), **plain}


def _project(data_dir: Path) -> str:
    """What the environment says, or the line `project: NAME` of the folder's config.yaml."""
    if os.environ.get("WHIRR_PROJECT"):
        return os.environ["WHIRR_PROJECT"]
    try:
        text = read_text(data_dir / "config.yaml")
    except OSError:
        return ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "project":
            return value.partition(" #")[0].strip().strip("\"'")
    return ""


def _count(before: Mapping[str, Any], name: str) -> int:
    value = before.get(name)
    return value if isinstance(value, int) else 0


_SECRET_WORDS = ("token", "password", "passwd", "secret", "api-key", "api_key", "apikey")


def _without_secrets(argv: list[str]) -> list[str]:
    """A command line is kept for people to repeat; what looks like a password is not."""
    kept: list[str] = []
    hide_next = False
    for part in map(str, argv):
        option = part.startswith("-")
        kept.append("***" if hide_next and not option else _without_values(_without_users(part)))
        hide_next = option and "=" not in part and _is_secret(part)
    return kept


def _without_values(part: str) -> str:
    """Without what stands behind `--token=`, `+hub.token=` or `--set=hub.token=`."""
    pieces = part.split("=")
    for count, piece in enumerate(pieces[:-1], start=1):
        if _is_secret(piece):
            return "=".join([*pieces[:count], "***"])
    return part


def _without_users(part: str) -> str:
    """Its addresses without the user and the password that may stand in front of a host."""
    first, *rest = part.split("://")
    for at, each in enumerate(rest):
        authority, slash, path = each.partition("/")
        rest[at] = authority.rpartition("@")[2] + slash + path
    return "://".join([first, *rest])


def _is_secret(name: str) -> bool:
    lower = name.lower().replace("tokenizer", "")
    return any(word in lower for word in _SECRET_WORDS)
