"""Whether the server sees the very same data folder, so that nothing has to be sent.

The folder's name alone (`store-id`) proves nothing: whoever copied the folder has it, too. So each registration comes
with a new random text, which is written into the folder just before; the server says whether it finds it there.
"""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from typing import Any


class SharedStore:
    def __init__(self, data_dir: str, session: str) -> None:
        self._data_dir = data_dir
        self._proof = f"{data_dir}/.store-proof-{session}"

    def challenge(self) -> dict[str, str]:
        """What a registration tells; nothing where this folder cannot be the server's."""
        text = os.urandom(16).hex()
        if not self._store_id():
            return {}
        with suppress(OSError):
            # In place, and it stays: a file server shows what was written when it is opened, and new names later.
            fd = os.open(self._proof, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
            try:
                os.write(fd, text.encode())
            finally:
                os.close(fd)
            return {"store_proof": text}
        return {}

    def proven(self, answer: dict[str, Any]) -> bool:
        """By the server's answer to that registration."""
        mine = self._store_id()
        return bool(mine) and answer.get("store_id") == mine and answer.get("store_seen") is True

    def apart(self, answer: dict[str, Any]) -> bool:
        """Whether that server surely keeps its files elsewhere; what it has not proven may be true nevertheless."""
        try:
            mine = files.read_text(f"{self._data_dir}/store-id").strip()
        except FileNotFoundError:
            return True
        except OSError:
            return False
        theirs = answer.get("store_id")
        return not mine or (isinstance(theirs, str) and theirs not in {"", mine})

    def clear(self) -> None:
        """Take the proof away, where nobody asks again."""
        with suppress(OSError):
            files.remove(self._proof)

    def _store_id(self) -> str:
        try:
            return files.read_text(f"{self._data_dir}/store-id").strip()
        except OSError:
            return ""
