"""Where the files of a run lie. The same everywhere: on the node, on the server, for a direct run.

<data-dir>/runs/<run-id>/attempts/<n>/      an attempt's own files; two attempts never share one
<data-dir>/runs/<run-id>/attempts/newest -> <n>
<data-dir>/runs/<run-id>/checkpoints/       what all attempts on this machine share
<data-dir>/runs/<run-id>/output.log ... -> attempts/newest/output.log ...
"""

from __future__ import annotations

import os

from whirr.wire import files
from whirr.wire.lean import TYPE_CHECKING, suppress

if TYPE_CHECKING:
    from pathlib import Path

    from whirr.wire.files import AnyPath

OUTPUT = "output.log"
METRICS = "metrics.jsonl"
SYSTEM = "system.jsonl"
EVENTS = "events.jsonl"
# What an attempt has one of. Several processes of it (ranks) have metrics and events of their own beside these:
# metrics.r1.jsonl is what the writer `r1` logged.
STREAMS = (OUTPUT, METRICS, SYSTEM, EVENTS)
META = "meta.json"
DOCUMENTS = (META, "config.json", "git.json", "git.diff", "requirements.txt")
ARTIFACTS = "artifacts"
CHECKPOINTS = "checkpoints"

_FIRST = frozenset("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789")
_LATER = _FIRST | frozenset("._-")
_LONGEST = 128


_WRITER = frozenset("abcdefghijklmnopqrstuvwxyz0123456789-")
LONGEST_WRITER = 32
MOST_WRITERS = 1024  # of one attempt; what more of them write stays on the node


def is_writer(text: str) -> bool:
    """Whether `text` can name one of several writers of a run: a rank, an evaluation beside the training."""
    return 0 < len(text) <= LONGEST_WRITER and _WRITER.issuperset(text) and text != "system"


def stream_of(kind: str, writer: str) -> str:
    """The file in which a writer logs: `metrics.jsonl` and "r1" make `metrics.r1.jsonl`; "" is the main writer."""
    if not writer:
        return kind
    if kind not in (METRICS, EVENTS) or not is_writer(writer):
        raise ValueError(f"{writer!r} cannot write to {kind}")
    return f"{kind[:-6]}.{writer}.jsonl"


def parted(name: str) -> tuple[str, str]:
    """Kind and writer of a stream's file: ("metrics.jsonl", "r1"). Raises ValueError where it is no stream."""
    if name in STREAMS:
        return name, ""
    kind, _, rest = name.partition(".")
    writer, _, end = rest.partition(".")
    if end != "jsonl" or f"{kind}.jsonl" not in (METRICS, EVENTS) or not is_writer(writer):
        raise ValueError(f"{name!r} is no stream")
    return f"{kind}.jsonl", writer


def is_stream(name: str) -> bool:
    """Whether a file of this name grows and is sent by offset."""
    try:
        parted(name)
    except ValueError:
        return False
    return True


def streams_in(folder: AnyPath) -> list[str]:
    """The streams in an attempt's folder, those that every attempt has first. A folder that is not there has none."""
    try:
        names = files.names_in(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []
    of_writers = sorted(name for name in names if name not in STREAMS and is_stream(name))
    return [*(name for name in STREAMS if name in names), *of_writers[:MOST_WRITERS]]


def is_run_id(text: str) -> bool:
    """Whether `text` can name a run's folder, and nothing outside `runs/`."""
    return 0 < len(text) <= _LONGEST and text[0] in _FIRST and _LATER.issuperset(text)


def run_path(run_id: str) -> str:
    """A run's folder, as the data folder sees it."""
    if not is_run_id(run_id):
        raise ValueError(f"{run_id!r} is no run id")
    return f"runs/{run_id}"


def attempt_path(run_id: str, attempt: int) -> str:
    """An attempt's folder, as the data folder sees it."""
    return f"{run_path(run_id)}/attempts/{int(attempt)}"


def checkpoints_of(attempt_folder: str) -> str:
    """The checkpoints' folder, from the folder of one of the run's attempts."""
    return f"{attempt_folder.rsplit('/', 2)[0]}/{CHECKPOINTS}"


def run_folder(data_dir: Path, run_id: str) -> Path:
    return data_dir / run_path(run_id)


def attempt_folder(data_dir: Path, run_id: str, attempt: int) -> Path:
    return data_dir / attempt_path(run_id, attempt)


def show_newest(folder: AnyPath, attempt: int) -> None:
    """Let the root of a run's folder show this attempt's files, those to come included, in one step."""
    draft = f"{folder}/attempts/.newest.{os.getpid()}"
    with suppress(FileNotFoundError):
        files.remove(draft)
    files.link(draft, str(attempt))
    files.rename(draft, f"{folder}/attempts/newest")
    for name in (*STREAMS, *DOCUMENTS, ARTIFACTS):
        with suppress(FileExistsError):
            files.link(f"{folder}/{name}", f"attempts/newest/{name}")
