"""Small files that are sent as a whole whenever they changed."""

from __future__ import annotations

from whirr.wire import files, layout
from whirr.wire.lean import TYPE_CHECKING
from worker_agent.shipping.unreadable import Unreadable, unreadable

if TYPE_CHECKING:
    from whirr.wire.files import AnyPath
    from worker_agent.shipping.target import Target

_LARGEST = 4 * 1024 * 1024

Version = tuple[int, int, int]  # inode, size, time of change: different for each replacement


class Documents:
    def __init__(self, folder: AnyPath) -> None:
        self._folder = folder
        self._sent: dict[str, Version] = {}
        self._current: tuple[str, Version] | None = None

    def changed(self) -> list[str]:
        return [name for name in layout.DOCUMENTS if self._differs(name)]

    def send(self, name: str, target: Target) -> None:
        version = self._version(name)
        if version is None:
            return
        self._current = name, version
        if target.shared:
            target.put(f"documents/{name}", shared=1)
        else:
            target.put(f"documents/{name}", self._read(name), text=True)
        self._sent[name] = version

    def refused(self) -> None:
        """The one that was being sent is not wanted as it is: wait until it changes."""
        if self._current is not None:
            name, version = self._current
            self._sent[name] = version

    def _differs(self, name: str) -> bool:
        version = self._version(name)
        return version is not None and version != self._sent.get(name)

    def _version(self, name: str) -> Version | None:
        try:
            stat = files.status(f"{self._folder}/{name}")
        except OSError:
            return None
        return None if stat.st_size > _LARGEST else (stat.st_ino, stat.st_size, stat.st_mtime_ns)

    def _read(self, name: str) -> bytes:
        path = f"{self._folder}/{name}"
        if not files.is_plain(path):  # reading a FIFO would wait for ever
            raise Unreadable(f"{path} is no plain file")
        try:
            return files.read(path)
        except OSError as error:
            raise unreadable(error) from error
