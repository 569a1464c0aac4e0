"""Which of a run's writers this process is, and the files that are its own.

The main writer is "" and writes metrics.jsonl; others (ranks, forked children) have metrics.<writer>.jsonl.
An advisory lock on that file says that its writer lives: no two processes ever share one.
"""

from __future__ import annotations

import fcntl
import os

from whirr._stream import open_lines
from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

_RANKS = ("RANK", "SLURM_PROCID", "OMPI_COMM_WORLD_RANK", "PMI_RANK")
_SLURM_OWN_STEPS = (
    0xFFFFFFF0  # from here on: the batch script's, a shell's (slurm.h, SLURM_MAX_NORMAL_STEP_ID)
)
_ROOM = 5  # characters that the end `-w99` may need


class Seat:
    """A writer's name and its open, locked metrics file."""

    __slots__ = ("fd", "path", "writer")

    def __init__(self, writer: str, path: Path, fd: int) -> None:
        self.writer = writer
        self.path = path
        self.fd = fd


def rank(env: Mapping[str, str]) -> int | None:
    """Which process of a distributed training this is, by what its launcher says; None where none does."""
    for name in _RANKS:
        text = env.get(name, "")
        if not text.isdigit() or (name == "SLURM_PROCID" and slurm_tasks(env) < 2):
            continue
        return int(text)
    return None


def writer_of(env: Mapping[str, str]) -> str:
    """The main writer for rank 0 and where there are no ranks."""
    found = rank(env)
    return f"r{found}" if found else ""


def checked(writer: str) -> str:
    """Raises ValueError for what cannot name a writer."""
    longest = layout.LONGEST_WRITER - _ROOM
    if not isinstance(writer, str) or not layout.is_writer(writer) or len(writer) > longest:
        raise ValueError(
            f"writer={writer!r}: use up to {longest} of a-z, 0-9 and '-', and not the name 'system'"
        )
    return writer


def take_seat(folder: Path, writer: str, *, beside: bool = False) -> Seat:
    """The metrics file of `writer`, or of the next one whose file no living process has.

    `beside`: this process was forked from that writer, and takes another place in any case.
    Raises OSError where no file can be opened.
    """
    for name in _names(writer, beside=beside):
        path = folder / layout.stream_of(layout.METRICS, name)
        fd = open_lines(path)
        if lock(fd):
            return Seat(name, path, fd)
        os.close(fd)
    raise OSError(23, f"{layout.MOST_WRITERS} processes write to this run already")


def lock(fd: int) -> bool:
    """Whether nobody else has it. A file system without locks says yes to everybody."""
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


def ranks_live(folder: Path, writer: str) -> bool:
    """Whether a rank other than `writer` has its file open."""
    return any(
        name.startswith("r") and name[1:].isdigit() and name != writer and _is_held(path)
        for name, path in _others_in(folder)
    )


def _others_in(folder: Path) -> list[tuple[str, Path]]:
    found = [path for path in folder.glob("metrics.r*.jsonl") if layout.is_stream(path.name)]
    return [(layout.parted(path.name)[1], path) for path in found]


def _is_held(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except OSError:  # a file system without locks
        return False
    finally:
        os.close(fd)
    return False


def _names(writer: str, *, beside: bool) -> Iterator[str]:
    if not beside:
        yield writer
    base = f"{writer}-w" if writer else "w"
    yield from (f"{base}{number}" for number in range(2, layout.MOST_WRITERS))


def slurm_tasks(env: Mapping[str, str]) -> int:
    """How many processes srun started together; 1 in a batch script, whatever its allocation has room for."""
    step = env.get("SLURM_STEP_ID", "")
    text = env.get("SLURM_STEP_NUM_TASKS") or env.get("SLURM_NTASKS", "")
    started = step.isdigit() and int(step) < _SLURM_OWN_STEPS
    return int(text) if started and text.isdigit() else 1
