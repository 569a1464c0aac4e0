"""Why a job does not run, in words: one sentence, the reasons behind it, and what each worker says.

Everything is asked of the functions that a claim itself uses, so that the words cannot drift from what happens.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from jobs import estimating, evidence, reasons, standing
from jobs.errors import NotFound
from jobs.estimating import Estimate, Start
from jobs.evidence import Evidence
from jobs.models import Job
from jobs.reasons import Because, Summary, Why
from jobs.states import JobStatus
from jobs.verdicts import Fit, Verdict
from jobs.world import head_of

SHOWN = 50  # workers
AT_REST = (JobStatus.WAITING, JobStatus.QUEUED)


@dataclass(frozen=True, slots=True)
class Explanation:
    """`position` counts from 1; it and `ahead` are None where the job has no place in the queue, or is far behind."""

    job: Job
    summary: str
    reasons: list[Because]
    position: int | None = None
    ahead: int | None = None
    estimate: Estimate = estimating.NONE
    workers: Sequence[Fit] = ()
    workers_more: int = 0

    @property
    def is_hopeless(self) -> bool:
        """Nothing here could ever run it."""
        return any(each.code == Why.IMPOSSIBLE for each in self.reasons)


def explain(job_id: int, *, now: datetime) -> Explanation:
    """Why this job does not run, or how it stands. Raises NotFound."""
    related = ("run", "worker", "requirement", "array")
    job = Job.objects.select_related(*related).filter(pk=job_id).first()
    if job is None:
        raise NotFound(f"there is no job {job_id}")
    return of(job, now=now)


def of(job: Job, *, now: datetime) -> Explanation:
    """The same of a row that is at hand."""
    if job.status not in AT_REST:
        told = (
            reasons.running(job, now=now) if job.status == JobStatus.RUNNING else reasons.ended(job)
        )
        return Explanation(job, told[0].text, told)
    found = evidence.read([job], now=now)
    fits = fits_of(job, found)
    told = _all_reasons(job, fits, found)
    ahead = None if reasons.is_hopeless(fits) else found.ahead.get(job.pk)
    counted = ahead is not None and ahead < standing.MOST_COUNTED
    return Explanation(
        job,
        reasons.summary(job, fits, found).text,
        told,
        position=ahead + 1 if counted and ahead is not None else None,
        ahead=ahead if counted else None,
        estimate=estimating.estimate(job, fits, found),
        workers=fits[:SHOWN],
        workers_more=max(0, len(fits) - SHOWN),
    )


def summaries(jobs: Sequence[Job], *, now: datetime) -> dict[int, Summary]:
    """One sentence for each of the jobs, which follow each other in the queue; a bounded number of queries."""
    if not jobs:
        return {}
    found = evidence.read(jobs, now=now)
    return {job.pk: reasons.summary(job, fits_of(job, found), found) for job in jobs}


@dataclass(frozen=True, slots=True)
class Outlook:
    """Of one job in a list of many: why it waits, and when it may start (None: nobody can say)."""

    summary: Summary
    start: Start | None


def outlooks(jobs: Sequence[Job], *, now: datetime, apart: bool = False) -> dict[int, Outlook]:
    """As `summaries`, with a guess at the start of each; `apart`: others stand between them in the queue."""
    if not jobs:
        return {}
    found = evidence.read(jobs, now=now, apart=apart)
    starts = estimating.starts(jobs, found, most_looks=estimating.MOST_LOOKS)
    return {
        job.pk: Outlook(reasons.summary(job, fits_of(job, found), found), starts.get(job.pk))
        for job in jobs
    }


def fits_of(job: Job, found: Evidence) -> list[Fit]:
    """What each worker says, the most hopeful first."""
    return found.judge.fits(head_of(job), ready=standing.is_ready(job, now=found.now))


def _all_reasons(job: Job, fits: list[Fit], found: Evidence) -> list[Because]:
    told = [
        *reasons.of_itself(job, found, every_parent=True),
        *reasons.of_workers(job, fits, found),
    ]
    if any(fit.verdict == Verdict.COULD_START for fit in fits):
        told.append(Because(Why.COULD_START, reasons.could_start_words(fits)))
    if reasons.is_hopeless(fits):
        return told
    ahead = standing.ahead_words(found.ahead.get(job.pk, 0))
    if ahead:
        told.append(Because(Why.JOBS_AHEAD, ahead))
    if standing.is_ready(job, now=found.now):
        share = standing.share_words(job, now=found.now)
        told += [Because(Why.FAIR_SHARE, share)] if share else []
    return told
