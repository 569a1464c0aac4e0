"""The artifacts of an attempt as a tree of folders."""

from dataclasses import dataclass, field
from pathlib import PurePosixPath

from django.db.models import Q, Sum

from runs import contents, selectors
from runs.models import Artifact, Run

SHOWN = 400  # files at first
MOST = 10_000  # what one attempt can keep


@dataclass(frozen=True, slots=True)
class File:
    artifact: Artifact

    @property
    def name(self) -> str:
        return PurePosixPath(self.artifact.path).name

    @property
    def sha256(self) -> str:
        return self.artifact.blob if contents.is_digest(self.artifact.blob) else ""


@dataclass(slots=True)
class Folder:
    """`size` and `count` are of everything below it that is shown."""

    name: str
    folders: dict[str, "Folder"] = field(default_factory=dict)
    files: list[File] = field(default_factory=list)
    size: int = 0
    count: int = 0

    @property
    def sorted_folders(self) -> list["Folder"]:
        return [self.folders[name] for name in sorted(self.folders)]


@dataclass(frozen=True, slots=True)
class Artifacts:
    """`count` files of `size` bytes in all; `top` holds the first `shown` of those that have `words` in their path."""

    top: Folder
    count: int
    size: int
    matching: int
    words: str
    whole: bool = False

    @property
    def hidden(self) -> int:
        return self.matching - self.top.count


def artifacts(run: Run, attempt: int, *, words: str = "", whole: bool = False) -> Artifacts:
    """What an attempt kept, in folders; three queries."""
    found = selectors.artifacts_of(run, attempt=attempt)
    total = found.aggregate(size=Sum("size"))["size"] or 0
    count = found.count()
    wanted = Q()
    for word in words.split()[:8]:
        wanted &= Q(path__icontains=word)
    matching = found.filter(wanted)
    top = Folder("")
    for artifact in matching[: MOST if whole else SHOWN]:
        _place(top, artifact)
    return Artifacts(top, count, total, matching.count() if words else count, words, whole)


def _place(top: Folder, artifact: Artifact) -> None:
    folder = top
    for name in (None, *PurePosixPath(artifact.path).parts[:-1]):
        if name is not None:
            folder = folder.folders.setdefault(name, Folder(name))
        folder.size += artifact.size
        folder.count += 1
    folder.files.append(File(artifact))
