"""The agent in one file that any python3 from 3.9 on can run, packed from the sources that are installed here.

The same sources give the same bytes, on every machine: files are sorted, times are fixed, and nothing is compressed,
because zlib's output differs between its versions. Standard library only: `make agent` needs nothing else.
"""

import hashlib
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

PARTS = ("worker_agent", "whirr/__init__.py", "whirr/wire", "whirr/shipping")
SHEBANG = b"#!/usr/bin/env python3\n"
START = b"""\
import sys

if sys.version_info < (3, 9):
    sys.exit("whirr-worker: it needs Python 3.9 or newer, and this is %d.%d" % sys.version_info[:2])
from worker_agent.main import main

sys.exit(main())
"""
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip file knows no earlier time
READABLE = 0o100644 << 16


@dataclass(frozen=True, slots=True)
class AgentFile:
    """What `/download/whirr-worker` answers."""

    content: bytes
    sha256: str


@cache
def installed() -> AgentFile:
    """The agent of this server's own version. Packed once: an upgrade restarts the server anyway."""
    content = archive(_home())
    return AgentFile(content, hashlib.sha256(content).hexdigest())


def archive(root: Path) -> bytes:
    """The agent as a zip application, made from the sources below root."""
    content = {path.relative_to(root).as_posix(): path.read_bytes() for path in _sources(root)}
    content["__main__.py"] = START
    buffer = io.BytesIO(SHEBANG)
    buffer.seek(len(SHEBANG))
    with zipfile.ZipFile(buffer, "a") as target:
        for name in sorted(content):
            entry = zipfile.ZipInfo(name, EARLIEST)
            entry.external_attr = READABLE
            entry.create_system = 3  # Unix, wherever it was built
            target.writestr(entry, content[name])
    return buffer.getvalue()


def _sources(root: Path) -> Iterator[Path]:
    for part in PARTS:
        path = root / part
        yield from path.rglob("*.py") if path.is_dir() else [path]


def _home() -> Path:
    """The folder that holds the package `worker_agent`: a checkout, or site-packages. It is found, never imported."""
    spec = find_spec("worker_agent")
    if spec is None or spec.origin is None:
        raise FileNotFoundError("the package worker_agent is not installed beside this server")
    return Path(spec.origin).parent.parent
