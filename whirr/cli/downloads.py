"""Exports as they arrive: to stdout, into a file, or unpacked into a folder; whole, or not at all."""

from __future__ import annotations

import contextlib
import io
import os
import shutil
import sys
import tarfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any, Callable

from whirr.wire import Client, Unreachable

PATIENCE = (
    120.0  # seconds for each piece: a large CSV is read twice, and the first time nothing comes
)
Tell = Callable[[str, int], None]  # a run, and how many bytes more have arrived

# What the last bytes of a whole file are; those of a CSV look like all others.
ENDS = {
    "jsonl": b"}\n",
    "json": b"}\n",
    "parquet": b"PAR1",
    "tar": b"\0" * 1024,
    "folder": b"\0" * 1024,
}


class Fetch:
    """Runs from the server in one format. `end` is what the last bytes of a whole answer are."""

    def __init__(self, client: Client, query: dict[str, str | None], end: bytes | None) -> None:
        self._client = client
        self._query = query
        self._end = end

    def to_stdout(self, run: str) -> None:
        """The bytes as they come."""
        for piece in self.pieces(run):
            sys.stdout.buffer.write(piece)
        sys.stdout.buffer.flush()

    def to_file(self, run: str, target: Path, tell: Tell) -> None:
        """A file that is there when it is whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        try:
            with draft.open("wb") as file:
                for piece in self.pieces(run):
                    file.write(piece)
                    tell(run, len(piece))
            draft.replace(target)
        finally:
            with contextlib.suppress(OSError):
                draft.unlink()
        tell(run, -1)

    def to_folder(self, run: str, target: Path, tell: Tell) -> None:
        """The run's folder, unpacked; it takes the place of an older one once it is whole."""
        target.parent.mkdir(parents=True, exist_ok=True)
        draft = target.with_name(f".{target.name}.{os.getpid()}.part")
        old = target.with_name(f".{target.name}.{os.getpid()}.old")
        try:
            reader = _Pieces(self.pieces(run), lambda size: tell(run, size))
            unpack(reader, run, draft)
            if target.exists():
                target.replace(old)
            draft.replace(target)
        finally:
            if old.exists() and not target.exists():  # ended between the two
                old.replace(target)
            for folder in (draft, old):
                shutil.rmtree(folder, ignore_errors=True)
        tell(run, -1)

    def pieces(self, run: str) -> Iterator[bytes]:
        """The answer. Raises Unreachable where it ends too early."""
        tail = b""
        with self._client.stream(f"/api/v1/runs/{run}/export", self._query, PATIENCE) as answer:
            for piece in answer:
                tail = (tail + piece)[-1024:]
                yield piece
        if self._end is not None and not tail.endswith(self._end):
            raise Unreachable(f"the export of {run} broke off; the server's log says why")


class _Pieces(io.RawIOBase):
    """Pieces as a file that tar reads."""

    def __init__(self, pieces: Iterator[bytes], note: Callable[[int], None]) -> None:
        super().__init__()
        self._pieces = pieces
        self._note = note
        self._rest = b""

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes; all that are left where it is negative."""
        parts, wanted = [self._rest], size - len(self._rest)
        while size < 0 or wanted > 0:
            piece = next(self._pieces, None)
            if piece is None:
                break
            self._note(len(piece))
            parts.append(piece)
            wanted -= len(piece)
        whole = b"".join(parts)
        end = len(whole) if size < 0 else size
        self._rest = whole[end:]
        return whole[:end]


def unpack(source: io.RawIOBase, run: str, folder: Path) -> None:
    """The plain files of a run's tar below `folder`. Raises Unreachable where a name leads out of it."""
    folder.mkdir(parents=True)
    try:
        archive: Any = tarfile.open(fileobj=source, mode="r|")  # noqa: SIM115  (closed below)
        with archive:
            for member in archive:
                _unpack_one(archive, member, run, folder)
        source.read()  # what follows tar's own end; only then the answer is known to be whole
    except tarfile.TarError as error:
        raise Unreachable(f"the export of {run} cannot be read: {error}") from error


def _unpack_one(archive: Any, member: tarfile.TarInfo, run: str, folder: Path) -> None:
    top, _, inner = member.name.partition("/")
    parts = inner.split("/")
    sane = all(part.strip(". ") and "\0" not in part and "\\" not in part for part in parts)
    if top != run or not sane or not member.isreg():
        raise Unreachable(f"the export of {run} holds {member.name!r}, which is no file of a run")
    target = folder.joinpath(*parts)
    target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") as file:
        shutil.copyfileobj(archive.extractfile(member), file, 1 << 18)
    os.utime(target, (member.mtime, member.mtime))


@contextlib.contextmanager
def progress(runs: int) -> Generator[Tell, None, None]:
    """Shows on a terminal how far it is; what it yields is told each piece, and -1 at the end of a run."""
    if not sys.stderr.isatty():
        yield lambda run, size: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, TextColumn("{task.fields[size]}"), console=Console(stderr=True)) as bar:
        task = bar.add_task("exporting", total=runs, size="")
        held = [0]

        def tell(run: str, size: int) -> None:
            held[0] += max(size, 0)
            bar.update(
                task,
                advance=1 if size < 0 else 0,
                description=f"exporting {run}",
                size=f"{held[0] / 1e6:.1f} MB",
            )

        yield tell
