"""A job under lock."""

from jobs.errors import NotFound
from jobs.models import Job


def locked(job_id: int, *related: str) -> Job:
    """The job with its run and what else is named, nobody else's until the transaction ends. Raises NotFound."""
    job = (
        Job.objects.select_for_update(of=("self",))
        .select_related("run", *related)
        .filter(pk=job_id)
        .first()
    )
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return job
