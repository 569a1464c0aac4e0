"""Files that a run keeps: received in parts, or found on a shared disk."""

import os
import re
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from django.conf import settings

from runs import feed, storage
from runs.errors import Invalid, NotFound, TooLarge
from runs.models import Artifact, Run
from runs.streams import BODY_LIMIT, append_to, may_write

SEGMENT = re.compile(r"[^\x00-\x1f\x7f/\\]{1,200}\Z")
BLOB = re.compile(r"[0-9a-f]{32}\Z")
MOST = 10_000


def checked_path(path: str) -> str:
    """An artifact's name as it will be shown. Raises Invalid for what could be mistaken for another place."""
    parts = path.split("/")
    sane = all(SEGMENT.match(part) and part.strip(". ") for part in parts)
    if not sane or len(path) > 512 or len(parts) > 16:
        raise Invalid(f"{path[:100]!r} cannot name an artifact: use plain names between slashes")
    return path


def receive(
    run: Run, attempt: int, path: str, *, offset: int, size: int, data: bytes, now: datetime
) -> Artifact:
    """Append a part. An artifact begins anew when its size changed. Raises OffsetGap, LeaseLost, Invalid, TooLarge."""
    may_write(run, attempt)
    if len(data) > BODY_LIMIT:
        raise TooLarge(f"a request carries at most {BODY_LIMIT} bytes; send {len(data)} in parts")
    if not 0 <= offset <= offset + len(data) <= size:
        raise Invalid(f"offset {offset} and {len(data)} bytes do not fit into {size} bytes")
    artifact, _ = Artifact.objects.get_or_create(
        run=run,
        attempt=attempt,
        path=checked_path(path),
        defaults={"size": size, "blob": uuid4().hex, "modified_at": now},
    )
    if artifact.size != size:
        _begin_anew(artifact, size=size)
    artifact.received = append_to(blob_path(artifact.blob), offset=offset, data=data)
    # Only ever upwards: a request that was overtaken by its own repetition must not take back what is there.
    behind = Artifact.objects.filter(
        pk=artifact.pk, blob=artifact.blob, received__lt=artifact.received
    )
    behind.update(received=artifact.received, modified_at=now)
    feed.ring(feed.run_group(run.key))
    return artifact


def _begin_anew(artifact: Artifact, *, size: int) -> None:
    old = artifact.blob
    artifact.blob, artifact.size, artifact.received = uuid4().hex, size, 0
    artifact.save()
    if old:
        blob_path(old).unlink(missing_ok=True)


def blob_path(blob: str) -> Path:
    """Where the bytes are; the name was made by `receive`."""
    if not BLOB.match(blob):
        raise Invalid("not a blob")
    return Path(settings.BLOBS_DIR) / blob[:2] / blob


def collect_shared(run: Run, attempt: int) -> None:
    """Take note of the files below `artifacts/` on a shared disk. Links are passed over: they may lead anywhere."""
    root = storage.attempt_folder(run, attempt) / "artifacts"
    for found, (path, info) in enumerate(_files(root)):
        if found >= MOST:
            break
        try:
            name = checked_path(path)
        except Invalid:
            continue
        Artifact.objects.update_or_create(
            run=run,
            attempt=attempt,
            path=name,
            defaults={
                "size": info.st_size,
                "received": info.st_size,
                "blob": "",
                "modified_at": datetime.fromtimestamp(info.st_mtime, tz=UTC),
            },
        )


def _files(root: Path) -> "list[tuple[str, os.stat_result]]":
    if root.is_symlink() or not root.is_dir():
        return []
    found = []
    for folder, _, names in os.walk(root, followlinks=False):
        for name in sorted(names):
            file = Path(folder) / name
            if file.is_symlink() or not file.is_file():
                continue
            found.append((file.relative_to(root).as_posix(), file.stat()))
    return found


def open_path(artifact: Artifact) -> Path:
    """The file of an artifact that arrived whole. A shared one is opened where `collect_shared` found it."""
    if artifact.blob:
        return blob_path(artifact.blob)
    home = storage.attempt_folder(artifact.run, artifact.attempt).resolve()
    file = home.joinpath("artifacts", *artifact.path.split("/"))
    if file.resolve() != file:  # the job put a link there, or on the way
        raise Invalid(f"{artifact.path} is not a plain file any more")
    if not file.is_file():
        raise NotFound(f"{artifact.path} is not on the shared disk any more")
    return file
