"""What is demo data and nothing else: told by its project, its user, its tag, and a kind of job that nothing runs."""

from dataclasses import dataclass

from django.db.models import Q, QuerySet

from jobs.models import Job
from runs.models import Run

PROJECT = USER = "demo"
TAG = "whirr-demo"
KIND = "whirr-demo"  # of job: no agent registers for it, so none is ever given one
NODE = "demo-node"


@dataclass(frozen=True, slots=True)
class Demo:
    """How many runs of it there are."""

    runs: int

    def __bool__(self) -> bool:
        return self.runs > 0


def there() -> Demo:
    """Whether there is demo data now, in the trash or out of it: all that removing it would delete. One query."""
    return Demo(everything().count())


def recorded() -> QuerySet[Run]:
    """Runs that were made as demo data; a person's own in a project of that name lack the other marks."""
    mine = Run.objects.filter(project=PROJECT, user=USER, deleted_at__isnull=True)
    return mine.filter(tags__has=TAG).order_by("pk")


def everything() -> QuerySet[Run]:
    """The same wherever it lies, and what people retried of it: jobs that no agent will ever take."""
    retried = Job.objects.filter(requirement__kind=KIND, project=PROJECT)
    marked = Q(pk__in=recorded().order_by().values("pk")) | Q(pk__in=retried.values("run"))
    return Run.objects.filter(marked, deleted_at__isnull=True).order_by("pk")


def jobs() -> QuerySet[Job]:
    """The jobs of all that."""
    return Job.objects.filter(requirement__kind=KIND, project=PROJECT)
