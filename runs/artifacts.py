"""Files that a run keeps: received in parts, or found on a shared disk.

While parts arrive they stand in a file of a random name. When the last byte is there, the file becomes a content (see
`runs.contents`) and the row names its sha256, in one transaction.
"""

import contextlib
import os
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import partial
from itertools import islice
from pathlib import Path

from django.db import transaction
from django.db.models import F

from runs import contents, feed, manifest, parts, storage, trees
from runs.contents import Content
from runs.errors import ChecksumMismatch, Invalid, NotFound, TooLarge
from runs.models import Artifact, Run
from runs.moments import of_change
from runs.streams import BODY_LIMIT, append_to, may_write

SEGMENT = re.compile(
    r"[^\x00-\x1f\x7f/\\\ud800-\udfff]{1,200}\Z"
)  # halves of characters are no UTF-8
MOST = 10_000
DEEPEST = 16  # names of a path
_PART = ".whirr-part"  # not yet whole: the library is still writing it, or was killed
LOOKED_AT = (
    100  # artifacts of other runs among which a content is looked for that somebody may read
)
MayRead = Callable[[str], bool]  # of a run's key


def checked_path(path: str) -> str:
    """An artifact's name as it will be shown. Raises Invalid for what could be mistaken for another place."""
    names = path.split("/")
    sane = all(SEGMENT.match(name) and name.strip(". ") for name in names)
    if not sane or len(path) > 512 or len(names) > DEEPEST:
        raise Invalid(f"{path[:100]!r} cannot name an artifact: use plain names between slashes")
    return path


def receive(
    run: Run,
    attempt: int,
    path: str,
    *,
    offset: int,
    size: int,
    data: bytes,
    now: datetime,
    sha256: str = "",
    may_read: MayRead | None = None,
) -> Artifact:
    """Append a part. An artifact begins anew when its size, or its announced sha256, is another one.

    No bytes at offset 0 with a sha256 ask whether they have to be sent at all: not where the same run, or one that
    `may_read` says yes to, has them. Raises OffsetGap, LeaseLost, Invalid, TooLarge, ChecksumMismatch.
    """
    may_write(run, attempt)
    _check_part(offset, size, data, sha256)
    artifact, _ = Artifact.objects.get_or_create(
        run=run,
        attempt=attempt,
        path=checked_path(path),
        defaults={"size": size, "blob": parts.new(sha256), "modified_at": now},
    )
    artifact.run = run
    if artifact.size != size or not artifact.blob or _is_another(artifact, sha256):
        _begin_anew(artifact, size=size, sha256=sha256)
    if contents.is_digest(artifact.blob):
        return artifact
    if sha256 and size and not data and _is_at_hand(artifact, sha256, may_read):
        _take_over(artifact, sha256, now=now)
    else:
        artifact.received = append_to(parts.path_of(artifact.blob), offset=offset, data=data)
        _note_progress(artifact, sha256=sha256, now=now)
    feed.ring(feed.run_group(run.key))
    return artifact


def _check_part(offset: int, size: int, data: bytes, sha256: str) -> None:
    if len(data) > BODY_LIMIT:
        raise TooLarge(f"a request carries at most {BODY_LIMIT} bytes; send {len(data)} in parts")
    if not 0 <= offset <= offset + len(data) <= size:
        raise Invalid(f"offset {offset} and {len(data)} bytes do not fit into {size} bytes")
    if sha256 and not contents.is_digest(sha256):
        raise Invalid(f"sha256={sha256[:70]!r} is none: it has 64 digits, 0 to 9 and a to f")


def _is_another(artifact: Artifact, sha256: str) -> bool:
    if contents.is_digest(artifact.blob):
        return bool(sha256) and artifact.blob != sha256
    return bool(sha256) and parts.is_of_another(artifact.blob, sha256)


def _begin_anew(artifact: Artifact, *, size: int, sha256: str = "") -> None:
    old = artifact.blob
    told = {"blob": parts.new(sha256), "size": size, "received": 0}
    Artifact.objects.filter(pk=artifact.pk, blob=old).update(**told)
    artifact.refresh_from_db(fields=list(told))  # another request may have been quicker
    release([old])


def _is_at_hand(artifact: Artifact, sha256: str, may_read: MayRead | None) -> bool:
    """Whether those bytes are here and whoever asks could have read them: a sha256 alone must give nobody a file."""
    same = Artifact.objects.filter(blob=sha256, size=artifact.size)
    if same.filter(run_id=artifact.run_id).exists():
        return True
    keys = same.values_list("run__key", flat=True).distinct()[:LOOKED_AT]
    return may_read is not None and any(may_read(key) for key in keys)


def _take_over(artifact: Artifact, sha256: str, *, now: datetime) -> None:
    """Name a content that is already stored. Where it was deleted meanwhile, nothing happens: the bytes will come."""
    part = artifact.blob
    with contents.locked(sha256):
        if contents.size_of(sha256) == artifact.size:
            with transaction.atomic():
                _name(artifact, sha256, now=now)
    if artifact.blob != part:
        parts.path_of(part).unlink(missing_ok=True)


def _note_progress(artifact: Artifact, *, sha256: str, now: datetime) -> None:
    whole = artifact.received == artifact.size
    if not (whole and sha256):  # what was announced is shown once it was compared
        # Only ever upwards: a request that was overtaken by its own repetition must not take back what is there.
        behind = Artifact.objects.filter(
            pk=artifact.pk, blob=artifact.blob, received__lt=artifact.received
        )
        behind.update(received=artifact.received, modified_at=now)
    if whole:
        settle(artifact, sha256=sha256, now=now)


def settle(artifact: Artifact, *, sha256: str = "", now: datetime) -> None:
    """Make the part file that is whole a content. Raises ChecksumMismatch, and begins anew, where it is another one.

    Where another request is about it, nothing is done: of a large file the sender may have lost its patience and
    repeated the last part.
    """
    part = artifact.blob
    with parts.alone(part) as mine:
        if not mine:
            return
        artifact.refresh_from_db(fields=["blob", "size", "received"])
        if artifact.blob != part:  # the other request has done it
            parts.path_of(part).unlink(missing_ok=True)
            return
        digest = contents.digest_of(parts.path_of(part))
        if sha256 and digest != sha256:
            _begin_anew(artifact, size=artifact.size)
            raise ChecksumMismatch(
                f"the bytes of {artifact.path} have the sha256 {digest}, not {sha256}; send it again"
            )
        if not contents.keep(
            parts.path_of(part), digest, then=partial(_name, artifact, digest, now=now)
        ):
            release([digest])
        parts.path_of(part).unlink(missing_ok=True)


def _name(artifact: Artifact, digest: str, *, now: datetime) -> int:
    """Make the row name a content, and the manifest with it. 0 where the row has gone on without this part."""
    told = {"blob": digest, "received": artifact.size, "modified_at": now}
    same = Artifact.objects.filter(pk=artifact.pk, blob=artifact.blob, size=artifact.size)
    if not same.update(**told):
        return 0
    artifact.blob, artifact.received, artifact.modified_at = digest, artifact.size, now
    manifest.note(artifact, modified=now)
    return 1


def place(run: Run, attempt: int, path: str, *, part: str, now: datetime) -> Artifact:
    """Keep a whole part file under a name, in the place of what had it."""
    file = parts.path_of(part)
    digest, size = contents.digest_of(file), file.stat().st_size
    old: list[str] = []

    def name() -> int:
        Run.objects.select_for_update().get(
            pk=run.pk
        )  # of two files with one name, one is left over
        kept = Artifact.objects.filter(run=run, attempt=attempt, path=path).first()
        old[:] = [kept.blob] if kept else []
        told = {"blob": digest, "size": size, "received": size, "modified_at": now}
        artifact, _ = Artifact.objects.update_or_create(
            run=run, attempt=attempt, path=path, defaults=told
        )
        manifest.note(artifact, modified=now)
        return 1

    contents.keep(file, digest, then=name)
    file.unlink()
    release(blob for blob in old if blob != digest)
    return Artifact.objects.get(run=run, attempt=attempt, path=path)


def release(blobs: Iterable[str]) -> int:
    """Remove the contents that no artifact names any more; how many bytes that freed.

    To be called after the transaction that deleted the rows: what is removed here comes back with no rollback.
    """
    freed = 0
    for blob in {*blobs} - {""}:
        if contents.is_digest(blob):
            with contents.locked(blob):
                if not Artifact.objects.filter(blob=blob).exists():
                    freed += contents.discard(blob)
        elif not Artifact.objects.filter(blob=blob).exists():
            freed += storage.size_of(parts.path_of(blob))
            parts.path_of(blob).unlink(missing_ok=True)
    return freed


def delete(found: Iterable[Artifact]) -> None:
    """Delete artifacts of one run, and what only they had once the transaction is over."""
    doomed = list(found)
    Artifact.objects.filter(pk__in=[each.pk for each in doomed]).delete()
    for attempt in {each.attempt for each in doomed}:
        paths = [each.path for each in doomed if each.attempt == attempt and each.blob]
        if paths:
            manifest.forget(doomed[0].run, attempt, paths)
    transaction.on_commit(partial(release, [each.blob for each in doomed]), robust=True)


def content(artifact: Artifact) -> Content:
    """The bytes of an artifact that arrived whole. A shared one is opened where `collect_shared` found it.

    Raises NotFound where they are gone, Invalid where something else is in their place.
    """
    if contents.is_digest(artifact.blob):
        return contents.of(artifact.blob)
    try:
        return contents.of_path(open_path(artifact))
    except FileNotFoundError:
        raise NotFound(f"the content of {artifact.path} is gone") from None


def collect_shared(run: Run, attempt: int) -> None:
    """Take note of the files below `artifacts/` on a shared disk. Links are passed over: they may lead anywhere.

    What was sent stays as it came: an agent that has not proven yet that it sees this disk sends what lies on it.
    """
    whole = Artifact.objects.filter(run=run, attempt=attempt, received=F("size")).exclude(blob="")
    sent = set(whole.values_list("path", flat=True))
    for name, info in _shared(run, attempt):
        if name in sent:
            continue
        Artifact.objects.update_or_create(
            run=run,
            attempt=attempt,
            path=name,
            defaults={
                "size": info.st_size,
                "received": info.st_size,
                "blob": "",
                "modified_at": of_change(info.st_mtime),
            },
        )


def shared(run: Run, attempt: int) -> list[tuple[str, int]]:
    """Paths and sizes of what `collect_shared` would take note of."""
    return [(name, info.st_size) for name, info in _shared(run, attempt)]


def _shared(run: Run, attempt: int) -> "Iterator[tuple[str, os.stat_result]]":
    root = storage.attempt_folder(run, attempt) / "artifacts"
    if root.is_symlink() or not root.is_dir():
        return
    there = (each for each in trees.files(root, deepest=DEEPEST) if not each[0].endswith(_PART))
    for path, info in islice(there, MOST):
        with contextlib.suppress(Invalid):
            yield checked_path(path), info


def open_path(artifact: Artifact) -> Path:
    """The file of one that was not sent whole: found on the shared disk, or kept before contents had a sha256."""
    if artifact.blob:
        return parts.path_of(artifact.blob)
    home = storage.attempt_folder(artifact.run, artifact.attempt).resolve()
    file = home.joinpath("artifacts", *artifact.path.split("/"))
    if file.resolve() != file:  # the job put a link there, or on the way
        raise Invalid(f"{artifact.path} is not a plain file any more")
    if not file.is_file():
        raise NotFound(f"{artifact.path} is not on the shared disk any more")
    return file
