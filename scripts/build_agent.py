"""Build dist/whirr-worker.pyz: the agent in one file that any python3 from 3.9 on can run.

The same sources give the same bytes, on every machine: files are sorted, times are fixed, and
nothing is compressed, because zlib's output differs between its versions.
"""

import io
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PARTS = ("worker_agent", "whirr/__init__.py", "whirr/wire")
SHEBANG = b"#!/usr/bin/env python3\n"
START = b"from worker_agent.main import main\n\nmain()\n"
EARLIEST = (1980, 1, 1, 0, 0, 0)  # a zip file knows no earlier time
READABLE = 0o100644 << 16


def sources(root: Path) -> Iterator[Path]:
    for part in PARTS:
        path = root / part
        yield from path.rglob("*.py") if path.is_dir() else [path]


def archive(root: Path) -> bytes:
    """The agent as a zip application, made from the sources below root."""
    content = {path.relative_to(root).as_posix(): path.read_bytes() for path in sources(root)}
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


def main(arguments: list[str]) -> int:
    target = Path(arguments[0]) if arguments else ROOT / "dist" / "whirr-worker.pyz"
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(archive(ROOT))
    target.chmod(0o755)
    sys.stdout.write(f"{target}: {target.stat().st_size / 1024:.0f} KiB\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
