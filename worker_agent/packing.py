"""The agent's modules as bytecode in memory, for an agent that was started from one file of sources.

Compiling sources leaves holes in Python's heap: more than a megabyte that is never given back. A package that is
installed has its bytecode on disk; an archive has not, and no place to keep it, nor has a checkout where Python was
told to write none. So the first program compiles, and
the one that stays reads the result from an archive that exists in memory alone, until all of it is imported.
"""

from __future__ import annotations

import io
import os
import sys
import zipfile
from collections.abc import Iterator
from importlib.abc import SourceLoader
from pathlib import Path
from typing import Any

from worker_agent import launch


class _Compiler(SourceLoader):
    """Python's own way from a source to the bytes of a .pyc file: what it would save, we keep."""

    def __init__(self, source: bytes, path: str) -> None:
        self.bytecode = b""
        self._source = source
        self._path = path

    def get_filename(self, fullname: str) -> str:
        return self._path

    def get_data(self, path: str) -> bytes:
        if path != self._path:
            raise FileNotFoundError(path)
        return self._source

    def path_stats(self, path: str) -> dict[str, Any]:
        return {"mtime": 0, "size": len(self._source)}

    def set_data(self, path: str, data: bytes) -> None:
        self.bytecode = bytes(data)


def pack() -> int | None:
    """A file in memory that the next program inherits; None where it can do without, or must."""
    home = Path(launch.home())
    if not hasattr(os, "memfd_create") or (home.is_dir() and not sys.dont_write_bytecode):
        return None
    try:
        fd = os.memfd_create("whirr-worker", 0)
    except OSError:  # a sandbox that does not know it
        return None
    with open(fd, "wb", closefd=False) as file:
        file.write(_compiled(home))
    return fd


def _compiled(home: Path) -> bytes:
    buffer = io.BytesIO()
    wish, sys.dont_write_bytecode = sys.dont_write_bytecode, False  # no disk is written to here
    with zipfile.ZipFile(buffer, "w") as target:
        for name, source in _sources(home):
            compiler = _Compiler(source, f"{home}/{name}")
            compiler.get_code(name)
            target.writestr(f"{name}c", compiler.bytecode)
    sys.dont_write_bytecode = wish
    return buffer.getvalue()


def _sources(home: Path) -> Iterator[tuple[str, bytes]]:
    if home.is_dir():
        parts = (
            "whirr/__init__.py",
            "whirr/wire/*.py",
            "whirr/shipping/*.py",
            "worker_agent/**/*.py",
        )
        for path in [path for part in parts for path in home.glob(part)]:
            yield path.relative_to(home).as_posix(), path.read_bytes()
        return
    with zipfile.ZipFile(home) as archive:
        for name in archive.namelist():
            if "/" in name and name.endswith(".py"):
                yield name, archive.read(name)
