"""Folders that somebody gave us: plain files alone are taken, and no link in them is followed.

A link may lead to a key or a password of whoever imports; what it leads to would be delivered to a server.
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from whirr.importing.folders import Unreadable
from whirr.shipping.beneath import Folder

MEND = "an import follows no links: put the file or the folder itself there"
OTHERS = (errno.ELOOP, errno.EMLINK, errno.ENOTDIR, errno.ENXIO)  # a link, or nothing that is read


@dataclass(frozen=True)
class Given:
    """The folder to which `names` lead from `base`; `base` itself may be reached through links."""

    base: Path
    names: tuple[str, ...] = ()

    def inner(self, *names: str) -> Given:
        """A folder in it."""
        return Given(self.base, self.names + names)

    @property
    def is_there(self) -> bool:
        """Raises Unreadable where a link, or no folder, has its name."""
        try:
            self._entered().__exit__()
        except FileNotFoundError:
            return False
        return True

    def all_names(self) -> list[str]:
        """What is in it, sorted. Raises Unreadable, OSError."""
        with self._entered() as folder:
            return sorted(folder.names())

    def read_object(self, name: str) -> dict[str, Any] | None:
        """The JSON object in a file; None where there is none. Raises Unreadable for a link."""
        source = self._opened(name)
        if source is None:
            return None
        with source:
            try:
                value = json.loads(source.read())
            except (ValueError, RecursionError):
                return None
        return value if isinstance(value, dict) else None

    def copy(self, name: str, target: Path) -> None:
        """Copy a file, if it is there, to where nothing is yet. Raises Unreadable for a link, OSError."""
        source = self._opened(name)
        if source is None:
            return
        with source:
            target.parent.mkdir(parents=True, exist_ok=True)
            with target.open("xb") as file:
                shutil.copyfileobj(source, file, 1 << 18)
            at = os.fstat(source.fileno()).st_mtime_ns
        os.utime(target, ns=(at, at))

    def copy_all(self, target: Path) -> list[str]:
        """Copy it with what is in it; returns the paths of links and the like, which are left out. Raises OSError."""
        left, waiting = [], [self]
        while waiting:
            at = waiting.pop()
            inner = at.names[len(self.names) :]
            with at._entered() as folder:
                names, (folders, plain) = folder.names(), folder.contents()
            for name, _ in plain:
                at.copy(name, target.joinpath(*inner, name))
            waiting += [at.inner(name) for name in folders]
            known = {*folders, *(name for name, _ in plain)}
            left += ["/".join((*inner, name)) for name in names if name not in known]
        return sorted(left)

    def _entered(self) -> Folder:
        try:
            return Folder(self.base, self.names)
        except OSError as error:
            raise self._told(error) from error

    def _opened(self, name: str) -> BinaryIO | None:
        try:
            with self._entered() as folder:
                handle = folder.open_file(name)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise self._told(error, name) from error
        file = os.fdopen(handle, "rb")
        if stat.S_ISREG(os.fstat(handle).st_mode):
            return file
        file.close()
        raise self._refused(name)

    def _told(self, error: OSError, *name: str) -> Exception:
        return self._refused(*name) if error.errno in OTHERS else error

    def _refused(self, *name: str) -> Unreadable:
        path = self.base.joinpath(*self.names, *name)
        return Unreadable(f"{path} is a link, behind a link, or no plain file", MEND)
