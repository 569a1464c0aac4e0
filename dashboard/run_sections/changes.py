"""What was changed since the commit that a run ran from: its git.diff, file by file."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe

from dashboard.rendering import code
from dashboard.run_sections.environment import commit_of
from runs import documents
from runs.errors import DomainError, NotFound
from runs.models import Run

FILE = re.compile(r"^diff --git ", re.MULTILINE)
HUNK = re.compile(r"@@ -(?P<old>[0-9]{1,9})(?:,[0-9]+)? \+(?P<new>[0-9]{1,9})(?:,[0-9]+)? @@")
FILES_MOST = 500
KEPT = 1024 * 1024  # bytes of a diff that the library keeps
OPEN_LINES = 120  # of a file that is unfolded from the beginning
OPEN_FILES = 8
LINES_MOST = 3_000  # of one file, until somebody asks for all
MARKS = {"new": "+", "old": "\N{MINUS SIGN}"}
SAID = {
    "new": '<span class="unseen">added: </span>',
    "old": '<span class="unseen">removed: </span>',
}
KINDS = {"+": "new", "-": "old", " ": "same", "\\": "note"}


@dataclass(frozen=True, slots=True)
class Line:
    """kind: "new", "old", "same", "note" or "place"; the numbers are those of its line before and after."""

    kind: str
    old: int | None
    new: int | None
    html: SafeString

    @property
    def row(self) -> str:
        """A row of a table; who cannot see colours is told in words."""
        said = SAID.get(self.kind, "")
        return (
            f'<tr class="is-{self.kind}"><td class="at" data-at="{self.old or ""}"></td>'
            f'<td class="at" data-at="{self.new or ""}"></td>'
            f'<td class="mark" data-mark="{MARKS.get(self.kind, "")}"></td>'
            f'<td class="src">{said}{self.html}</td></tr>'
        )


@dataclass(frozen=True, slots=True)
class File:
    """A changed file. `lines` stay empty until they are asked for."""

    number: int
    name: str
    added: int
    removed: int
    text: str
    told: str = ""  # new, deleted, renamed, binary
    is_open: bool = False

    @property
    def count(self) -> int:
        return self.text.count("\n")


@dataclass(frozen=True, slots=True)
class Changes:
    """`more` files are left out; `size` bytes in all; `is_cut`: the client kept no more of a larger one."""

    files: list[File] = field(default_factory=list)
    more: int = 0
    size: int = 0
    is_cut: bool = False
    trouble: str = ""

    @property
    def added(self) -> int:
        return sum(each.added for each in self.files)

    @property
    def removed(self) -> int:
        return sum(each.removed for each in self.files)


def changes(run: Run, number: int, *, whole: bool = False) -> Changes:
    """The files of git.diff, without their lines; empty where nothing was changed, or nothing was written down."""
    try:
        data = documents.read(run, number, "git.diff")
    except NotFound:
        return Changes()
    except DomainError as error:
        return Changes(trouble=error.detail)
    text = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    parts = [part for part in FILE.split(text) if part.strip()]
    most = len(parts) if whole else FILES_MOST
    files = [_file(number, part) for number, part in enumerate(parts[:most])]
    told = commit_of(run, number)
    is_cut = told.is_diff_cut if told is not None else None
    return Changes(
        files,
        len(parts) - len(files),
        len(data),
        _looks_cut(data) if is_cut is None else is_cut,
    )


def _looks_cut(data: bytes) -> bool:
    """For runs of libraries that did not say."""
    return len(data) == KEPT and not data.endswith(b"\n")


def _file(number: int, part: str) -> File:
    head, mark, body = part.partition("\n@@ ")
    lines = body.split("\n")[1:]  # behind the place of the first hunk
    added = sum(line.startswith("+") for line in lines)
    removed = sum(line.startswith("-") for line in lines)
    text = f"@@ {body}" if mark else ""
    small = text.count("\n") <= OPEN_LINES
    name, told = _name(head), _told(head)
    return File(number, name, added, removed, text, told, small and number < OPEN_FILES)


def _name(head: str) -> str:
    """The path after the change; before it where the file is gone."""
    for line in reversed(head.split("\n")):
        for mark in ("+++ ", "rename to "):
            if line.startswith(mark) and not line.endswith("/dev/null"):
                return line.removeprefix(mark).strip().removeprefix("b/")
    first = head.split("\n", 1)[0]
    return first.rpartition(" b/")[2] or first[:500]


def _told(head: str) -> str:
    for mark, word in (
        ("\nnew file", "new"),
        ("\ndeleted file", "deleted"),
        ("\nrename from", "renamed"),
        ("\nBinary files", "binary"),
        ("\nGIT binary patch", "binary"),
    ):
        if mark in f"\n{head}":
            return word
    return ""


def file_lines(run: Run, number: int, place: int, *, whole: bool = False) -> tuple[list[Line], int]:
    """The lines of the file at `place` of the diff, and how many are left out. Raises NotFound."""
    found = changes(run, number, whole=True)
    if not 0 <= place < len(found.files):
        raise NotFound(f"{run.key} has no changed file {place}")
    return lines_of(found.files[place], whole=whole)


def rows_of(lines: Iterable[Line]) -> SafeString:
    """Rows of a table. Joined by hand: a template takes forty times as long."""
    return mark_safe("".join(line.row for line in lines))  # noqa: S308  (marked or escaped already)


def lines_of(file: File, *, whole: bool = False) -> tuple[list[Line], int]:
    """The lines of a file as they are shown, and how many are left out."""
    if not file.text:
        return [], 0
    raw = file.text.removesuffix("\n").split("\n")
    shown = raw if whole else raw[:LINES_MOST]
    marked = code.lines(
        "\n".join("" if line.startswith("@@") else line[1:] for line in shown),
        language=code.language_of(file.name),
    )
    old = new = 0
    lines = []
    for line, html in zip(shown, marked, strict=True):
        place = HUNK.match(line)
        if place:
            old, new = int(place["old"]), int(place["new"])
            lines.append(Line("place", None, None, escape(line)))
            continue
        kind = KINDS.get(line[:1], "note")
        lines.append(
            Line(kind, old if kind in ("old", "same") else None,
                 new if kind in ("new", "same") else None, html)
        )  # fmt: skip
        old += kind in ("old", "same")
        new += kind in ("new", "same")
    return lines, len(raw) - len(shown)
