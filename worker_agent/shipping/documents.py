"""Small files that are sent as a whole whenever they changed."""

from __future__ import annotations

from pathlib import Path

from whirr.wire import layout
from worker_agent.shipping.target import Target

_LARGEST = 4 * 1024 * 1024

Version = tuple[int, int, int]  # inode, size, time of change: different for each replacement


class Documents:
    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sent: dict[str, Version] = {}

    def changed(self) -> list[str]:
        return [name for name in layout.DOCUMENTS if self._differs(name)]

    def send(self, target: Target) -> None:
        for name in self.changed():
            version = self._version(name)
            if version is None:
                continue
            if target.shared:
                target.put(f"documents/{name}", shared=1)
            else:
                target.put(f"documents/{name}", self._read(name), text=True)
            self._sent[name] = version

    def refused(self) -> None:
        """The server does not want them as they are: wait until they change."""
        for name in self.changed():
            version = self._version(name)
            if version is not None:
                self._sent[name] = version

    def _differs(self, name: str) -> bool:
        version = self._version(name)
        return version is not None and version != self._sent.get(name)

    def _version(self, name: str) -> Version | None:
        try:
            stat = (self._folder / name).stat()
        except OSError:
            return None
        return None if stat.st_size > _LARGEST else (stat.st_ino, stat.st_size, stat.st_mtime_ns)

    def _read(self, name: str) -> bytes:
        return (self._folder / name).read_bytes()
