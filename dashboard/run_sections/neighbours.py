"""The runs before and after this one: members of the same array, or else runs of the same name."""

from dataclasses import dataclass

from django.db.models import QuerySet

from jobs.models import Job
from runs.models import Run

LOOKED_AT = 20_000  # runs by number; no index has names


@dataclass(frozen=True, slots=True)
class Neighbours:
    """`among` says of what they are neighbours."""

    before: Run | None
    after: Run | None
    among: str


def neighbours(run: Run, job: Job | None) -> Neighbours:
    """Two queries; none where it has neither an array nor a name."""
    if job is not None and job.array is not None:
        members = Job.objects.filter(array=job.array, retried_by__isnull=True).select_related("run")
        index = job.array_index or 0
        before = members.filter(array_index__lt=index).order_by("-array_index").first()
        after = members.filter(array_index__gt=index).order_by("array_index").first()
        return Neighbours(_run(before), _run(after), f"array {job.array}")
    if not run.name:
        return Neighbours(None, None, "")
    return Neighbours(
        of_same_name(run).filter(pk__lt=run.pk).order_by("-pk").first(),
        of_same_name(run).filter(pk__gt=run.pk).order_by("pk").first(),
        f"runs called {run.name}",
    )


def of_same_name(run: Run) -> QuerySet[Run]:
    """Runs of its name and project, neither in the trash nor far away in the list."""
    near = Run.objects.filter(pk__gt=run.pk - LOOKED_AT, pk__lt=run.pk + LOOKED_AT)
    return near.filter(
        name=run.name, project=run.project, trashed_at=None, deleted_at=None
    ).exclude(pk=run.pk)


def _run(job: Job | None) -> Run | None:
    return job.run if job is not None else None
