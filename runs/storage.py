"""Where the bytes of a run are. Every path is made of validated ids and fixed names; nothing from outside is joined."""

import contextlib
import os
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from django.conf import settings

from runs.errors import Invalid
from runs.models import Run, RunKind

KEY = re.compile(r"(?:job-[0-9]{1,18}|local-[0-9]{8}-[0-9]{6}-[0-9a-f]{6})\Z")
STREAMS = ("output.log", "metrics.jsonl", "system.jsonl", "events.jsonl")
# Several writers of one attempt (ranks) have metrics and events of their own: metrics.r1.jsonl.
OF_WRITERS = re.compile(r"(?P<kind>metrics|events)\.(?P<writer>[a-z0-9-]{1,32})\.jsonl\Z")
SYSTEM = "system/"  # what the series of system.jsonl begin with
SYSTEM_WRITER = (
    "system"  # and who wrote them: an agent, so that they never mix with what a script logs
)
DOCUMENTS = ("meta.json", "config.json", "git.json", "git.diff", "requirements.txt")


def run_folder(key: str) -> Path:
    """The folder of a run. Raises Invalid where `key` is no run id."""
    if not KEY.match(key):
        raise Invalid(f"{key!r} is not a run id")
    return Path(settings.RUNS_DIR) / key


def attempt_folder(run: Run, attempt: int) -> Path:
    """The folder of one attempt; a direct run has a single one, its own."""
    root = run_folder(run.key)
    return root / "attempts" / str(int(attempt)) if run.kind == RunKind.JOB else root


def stream_path(run: Run, attempt: int, name: str) -> Path:
    """The file of a stream. Raises Invalid for a name that is none."""
    parted(name)
    return attempt_folder(run, attempt) / name


def parted(name: str) -> tuple[str, str]:
    """Kind and writer of a stream: ("metrics.jsonl", "r1"). Raises Invalid for a name that is none."""
    if name in STREAMS:
        return name, SYSTEM_WRITER if name == "system.jsonl" else ""
    found = OF_WRITERS.match(name)
    if found is None or found["writer"] == SYSTEM_WRITER:
        told = ", ".join(STREAMS)
        raise Invalid(
            f"there is no stream {name!r}; streams are {told}, and metrics.<writer>.jsonl"
        )
    return f"{found['kind']}.jsonl", found["writer"]


def is_stream(name: str) -> bool:
    """Whether a file of an attempt's folder is a stream."""
    try:
        parted(name)
    except Invalid:
        return False
    return True


def document_path(run: Run, attempt: int, name: str) -> Path:
    """The file of a document. Raises Invalid for a name outside DOCUMENTS."""
    if name not in DOCUMENTS:
        raise Invalid(f"there is no document {name!r}; documents are {', '.join(DOCUMENTS)}")
    return attempt_folder(run, attempt) / name


def size_of(path: Path) -> int:
    """Bytes in a file; 0 where there is none."""
    try:
        return path.stat().st_size
    except FileNotFoundError:
        return 0


@contextlib.contextmanager
def reading(path: Path) -> Iterator[BinaryIO]:
    """The open file, as long as the block lasts. Raises as `opened` does."""
    with opened(path) as file:
        yield file


def opened(path: Path) -> BinaryIO:
    """The open file. Raises Invalid where it is none: on a shared disk a job may have put a link or a pipe there."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise
    except OSError as error:
        raise Invalid(f"{path.name} is not a plain file") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise Invalid(f"{path.name} is not a plain file")
    return os.fdopen(handle, "rb")


def prepare(run: Run, attempt: int) -> None:
    """Make the folder of an attempt, and show it, before the first file comes."""
    if not attempt_folder(run, attempt).is_dir():
        show_newest(run, attempt)


def show_newest(run: Run, attempt: int) -> None:
    """Let the root of a job's run show the files of `attempt`: one link moves, the others lead through it."""
    if run.kind != RunKind.JOB:
        return
    root = run_folder(run.key)
    (root / "attempts" / str(attempt)).mkdir(parents=True, exist_ok=True)
    with replacing(root / "attempts" / "newest") as draft:
        draft.symlink_to(str(attempt))
    for name in (*STREAMS, *DOCUMENTS, "artifacts"):
        with contextlib.suppress(FileExistsError):
            (root / name).symlink_to(Path("attempts") / "newest" / name)


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A draft beside `path` that takes its place, whole, when the block ends without an error."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}.{os.urandom(4).hex()}")
    try:
        yield draft
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
