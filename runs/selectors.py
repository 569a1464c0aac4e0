"""Reading runs: what exists, which points, which bytes."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from runs import storage
from runs.errors import NotFound
from runs.models import Artifact, Run, Series


def runs(
    *, status: str = "", tag: str = "", project: str = "", trashed: bool = False
) -> QuerySet[Run]:
    """Runs, newest first, narrowed by what is given; either those outside the trash or those in it."""
    found = Run.objects.filter(trashed_at__isnull=not trashed, deleted_at__isnull=True)
    found = found.order_by("-id")
    if status:
        found = found.filter(status=status)
    if tag:
        found = found.filter(tags__has=tag)
    if project:
        found = found.filter(project=project)
    return found


def known(keys: Sequence[str]) -> QuerySet[Run]:
    """Runs by their ids, those in the trash too, in no order; what is being deleted for good is none any more."""
    return Run.objects.filter(key__in=keys, deleted_at__isnull=True).order_by()


def run(key: str) -> Run:
    """The run with that id, also from the trash. Raises NotFound."""
    try:
        return Run.objects.get(key=key, deleted_at__isnull=True)
    except Run.DoesNotExist:
        raise NotFound(f"there is no run {key}") from None


def of_first_writers(found: QuerySet[Series]) -> QuerySet[Series]:
    """Of each metric the main writer's series, or where it logged none, the one of the writer that comes first."""
    before = Series.objects.filter(
        run=OuterRef("run"),
        attempt=OuterRef("attempt"),
        key=OuterRef("key"),
        writer__lt=OuterRef("writer"),
    )
    return found.filter(Q(writer="") | ~Exists(before))


def series_of(
    run: Run, *, attempt: int | None = None, keys: Sequence[str] | None = None
) -> QuerySet[Series]:
    """The series of one attempt (the newest where none is named), by key, the main writer's first."""
    found = Series.objects.filter(run=run, attempt=attempt or run.attempt).order_by("key", "writer")
    return found if keys is None else found.filter(key__in=keys)


@dataclass(frozen=True, slots=True)
class LogPart:
    """Bytes of a log: `data` begins at byte `offset` of a log that has `size` bytes by now."""

    data: bytes
    offset: int
    size: int
    attempt: int
    final: bool


LOG_PART_LIMIT = 1024 * 1024


def log_part(
    run: Run, *, attempt: int | None = None, offset: int = 0, limit: int = LOG_PART_LIMIT
) -> LogPart:
    """At most `limit` bytes of an attempt's output from `offset` on; a negative offset counts from the end."""
    number = attempt or run.attempt
    final = (
        run.is_final or number < run.attempt
    )  # read before the bytes: a final log cannot have grown since
    if number == 0:
        return LogPart(b"", 0, 0, 0, final)
    path = storage.stream_path(run, number, "output.log")
    size = storage.size_of(path)
    start = max(0, size + offset) if offset < 0 else min(offset, size)
    data = b""
    if start < size:
        with storage.reading(path) as file:
            file.seek(start)
            data = file.read(min(limit, LOG_PART_LIMIT, size - start))
    return LogPart(data, start, size, number, final)


def artifacts_of(run: Run, *, attempt: int | None = None) -> QuerySet[Artifact]:
    """The artifacts of one attempt (the newest where none is named) that arrived whole."""
    found = Artifact.objects.filter(run=run, attempt=attempt or run.attempt)
    return found.filter(received=F("size")).order_by("path")


def artifact(run: Run, path: str) -> Artifact:
    """An artifact of the newest attempt by its name. Raises NotFound."""
    found = artifacts_of(run).select_related("run").filter(path=path).first()
    if found is None:
        raise NotFound(f"{run.key} has no artifact {path!r}")
    return found
