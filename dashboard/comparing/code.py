"""What differs between the uncommitted changes of two runs: their git.diff, file by file."""

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from runs import documents
from runs.errors import DomainError, NotFound
from runs.models import Run

FILE = re.compile(r"^diff --git (.*)$", re.MULTILINE)
LINES_COMPARED = (
    1_500  # of a file in each run: difflib takes quadratic time for what has little in common
)
FILES_SHOWN = 200
LINES_SHOWN = 5_000


@dataclass(frozen=True, slots=True)
class Line:
    """kind: "same", "left", "right" or "place" (which lines of the file follow)."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class File:
    """A file that the two changed differently. `told` says how; `lines` is empty where they are too many."""

    name: str
    told: str
    lines: list[Line] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Change:
    """The difference of two runs' changes. `trouble`: what could not be read, or was left out, in words."""

    files: list[File]
    same: int  # files that both changed in the same way
    trouble: list[str]


def between(left: Run, right: Run) -> Change:
    """From the uncommitted changes of `left` to those of `right`."""
    trouble: list[str] = []
    before, after = (_patches(run, trouble) for run in (left, right))
    names = list(dict.fromkeys([*before, *after]))
    differing = [name for name in names if before.get(name) != after.get(name)]
    if len(differing) > FILES_SHOWN:
        trouble.append(
            f"{len(differing) - FILES_SHOWN} more files differ; each run's page has the whole"
        )
    files = [_file(name, before.get(name), after.get(name)) for name in differing[:FILES_SHOWN]]
    return Change(files, len(names) - len(differing), trouble)


def _patches(run: Run, trouble: list[str]) -> dict[str, list[str]]:
    """The run's patch of each file, by the file's name."""
    try:
        data = documents.read(run, run.attempt, "git.diff")
    except NotFound:
        return {}
    except DomainError as error:
        trouble.append(error.detail)
        return {}
    if b"\0" in data[:8192]:
        trouble.append(f"git.diff of {run.key} is no text")
        return {}
    return {
        name: _changes(patch.splitlines())
        for name, patch in _by_file(data.decode("utf-8", "replace"))
    }


def _by_file(text: str) -> Iterator[tuple[str, str]]:
    heads = list(FILE.finditer(text))
    if text.strip() and (not heads or heads[0].start() > 0):
        yield "(no file named)", text[: heads[0].start() if heads else len(text)]
    for place, head in enumerate(heads):
        end = heads[place + 1].start() if place + 1 < len(heads) else len(text)
        yield _name(head[1]), text[head.end() + 1 : end]


def _name(said: str) -> str:
    """`a/train.py b/train.py` as `train.py`; the newer name where it was renamed."""
    half = len(said) // 2
    if said[:2] == "a/" and said[half : half + 3] == " b/" and said[2:half] == said[half + 3 :]:
        return said[2:half]
    return said.rpartition(" b/")[2]


def _file(name: str, left: list[str] | None, right: list[str] | None) -> File:
    if left is None or right is None:
        side = "right" if left is None else "left"
        body = left or right or []
        lines = [Line(_kind(side, text), text) for text in body[:LINES_SHOWN]]
        more = len(body) - len(lines)
        told = f"changed in the {side} run alone" + (f"; {more} more lines" if more else "")
        return File(name, told, lines)
    if max(len(left), len(right)) > LINES_COMPARED:
        told = f"too long to show line by line ({len(left)} and {len(right)} lines)"
        return File(name, f"changed in both, differently; {told}")
    return File(name, "changed in both, differently", list(_compared(left, right)))


def _changes(patch: list[str]) -> list[str]:
    """Without blob names and line numbers: two runs that differ in these alone changed the same."""
    first = next((at for at, text in enumerate(patch) if text.startswith("@@")), None)
    if first is None:
        return [text for text in patch if not text.startswith("index ")]
    return [re.sub(r"^@@ [^@]* @@", "@@", text) for text in patch[first:]]


def _kind(side: str, text: str) -> str:
    if text.startswith("@@"):
        return "place"
    return side if text.startswith(("+", "-")) else "same"


def _compared(before: list[str], after: list[str]) -> Iterator[Line]:
    for text in difflib.unified_diff(before, after, lineterm="", n=3):
        if text.startswith(("---", "+++")) and text[3:].strip() == "":
            continue
        if text.startswith("@@"):
            yield Line("place", "")
        else:
            kind = {"-": "left", "+": "right"}.get(text[0], "same")
            yield Line(kind, text[1:])
