"""Small files that are sent as a whole whenever they changed."""

from __future__ import annotations

import stat

from whirr.shipping.beneath import version_of
from whirr.shipping.unreadable import Unreadable, unreadable
from whirr.wire import files, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from whirr.shipping.beneath import Sent, Version
    from whirr.shipping.target import Target
    from whirr.wire.files import AnyPath

_LARGEST = 4 * 1024 * 1024
# What stands for a version that cannot be sent: whatever becomes of such a file, it is complained of once.
_UNREADABLE = (-1, -1, -1)
_TOO_LARGE = (-2, -2, -2)


class Documents:
    def __init__(self, folder: AnyPath) -> None:
        self._folder = folder
        self._sent: dict[str, Version] = {}
        self._current: tuple[str, Version] | None = None

    def sent(self) -> Iterator[Sent]:
        for name, (_, size, changed) in self._sent.items():
            yield name, size, changed

    def changed(self) -> list[str]:
        return [name for name in layout.DOCUMENTS if self._differs(name)]

    def send(self, name: str, target: Target) -> None:
        version = self._version(name)
        if version is None:
            return
        self._current = name, version
        if version == _TOO_LARGE:
            raise Unreadable(
                f"it is larger than {_LARGEST // 2**20} MiB; an artifact may be of any size"
            )
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
            found = files.status(f"{self._folder}/{name}")
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError:
            return _UNREADABLE
        return _TOO_LARGE if found.st_size > _LARGEST else version_of(found)

    def _read(self, name: str) -> bytes:
        path = f"{self._folder}/{name}"
        try:
            if not stat.S_ISREG(files.status(path).st_mode):  # reading a FIFO would wait for ever
                raise Unreadable(f"{path} is no plain file")
            return files.read(path)
        except OSError as error:
            raise unreadable(error) from error
