"""What a retry of a job would leave as it is, said before it is done."""

from jobs.models import Dependency, Job
from jobs.phrases import plural
from jobs.states import JobStatus, Reason


def of_retry(job: Job) -> str:
    """A sentence about the jobs that waited for this one in vain; mostly there are none. One query.

    They are not retried by this; one that is retried waits for the newest retry of this job.
    """
    doomed = Dependency.objects.filter(
        on=job,
        job__status=JobStatus.CANCELLED,
        job__reason=Reason.DEPENDENCY_FAILED,
        job__retried_by__isnull=True,
    ).count()
    if not doomed:
        return ""
    was, stay, them = ("was", "stays", "it") if doomed == 1 else ("were", "stay", "them")
    jobs = plural(doomed, "job")
    return f"{jobs} that waited for it {was} cancelled and {stay} so: retry {them} next."
