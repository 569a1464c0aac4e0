"""Who uses how much, and what fair share makes of it: numbers for people, from the functions that a claim uses."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Count

from jobs import attempted
from jobs.fairness import CPU_SLOT, UPFRONT, Shares
from jobs.models import Attempt, Job, Quota, Scope, Usage
from jobs.phrases import gpu_time, span
from jobs.states import AttemptStatus, JobStatus

WEEK = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Use:
    """One user's. `lately` is what fair share looks at: GPU-seconds, halved every half-life. `factor` is 0 to 1."""

    user: str
    jobs_running: int
    gpus_running: int
    jobs_waiting: int
    week: float  # GPU-seconds
    lately: float  # GPU-seconds
    factor: float
    share: float  # of what all used lately
    place: int  # among those who use or wait, from 1 on: the lower, the sooner
    of: int
    quota: str

    @property
    def words(self) -> str:
        """`used 61 GPU-h in 7 days; 12 GPU-h count now, factor 0.4: turn 3 of 4 inside a priority`"""
        week, now = gpu_time(self.week), gpu_time(self.lately)
        told = f"used {week} in 7 days; {now} count now, factor {self.factor:.2g}"
        if self.of < 2:
            return told
        return f"{told}: turn {self.place} of {self.of} inside a priority"


def factor(used: float, everybody: float, users: int) -> float:
    """2^(-U/S): U is the part of all use that is theirs, S the part that equal shares would give them.

    So 1 is who used nothing, 0.5 who used exactly an equal part. After Slurm's priority/multifactor plugin, "The
    Fair-share Factor"; here it only says in a number what the order inside a priority follows from.
    """
    if everybody <= 0 or users < 1:
        return 1.0
    return float(2.0 ** (-(used / everybody) * users))


def half_life_words() -> str:
    """`2 d`: after which use counts for half."""
    return span(settings.WHIRR_FAIR_SHARE_HALF_LIFE.total_seconds())


def rule_words() -> str:
    """What counts, and for how much."""
    return (
        f"What counts is the time that GPUs are held; after {half_life_words()}, half of it. A job without a GPU "
        f"counts as {CPU_SLOT:g} of one, and each that runs as {span(UPFRONT)} more. "
        "Processors and memory do not count."
    )


def uses(*, now: datetime) -> list[Use]:
    """Everybody who waits, runs, or used something lately; who comes first inside a priority stands first."""
    jobs, gpus = _running()
    waiting = _waiting()
    shares = Shares.read(now=now)
    week = attempted.used_by_user(now - WEEK, now)
    charged = set(Usage.objects.filter(scope=Scope.USER).values_list("name", flat=True))
    lately = {
        user: shares.used((Scope.USER.value, user)) for user in {*jobs, *waiting, *week, *charged}
    }
    # What halved so often that it is less than a second is history.
    lately = {u: s for u, s in lately.items() if s >= 1 or u in jobs or u in waiting or week.get(u)}
    total, quotas = sum(lately.values()), _quotas(lately)
    ranks = sorted(lately, key=lambda user: (lately[user], user))
    return [
        Use(
            user=user,
            jobs_running=jobs[user],
            gpus_running=gpus[user],
            jobs_waiting=waiting.get(user, 0),
            week=week.get(user, 0.0),
            lately=lately[user],
            factor=factor(lately[user], total, len(lately)),
            share=lately[user] / total if total > 0 else 0.0,
            place=place,
            of=len(ranks),
            quota=quotas.get(user, ""),
        )
        for place, user in enumerate(ranks, start=1)
    ]


def _running() -> tuple[Counter[str], Counter[str]]:
    jobs: Counter[str] = Counter()
    gpus: Counter[str] = Counter()
    running = Attempt.objects.filter(status=AttemptStatus.RUNNING).order_by()
    for user, held in running.values_list("job__user", "gpus"):
        jobs[user] += 1
        gpus[user] += len(held)
    return jobs, gpus


def _waiting() -> dict[str, int]:
    there = Job.objects.filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED]).order_by()
    return dict(there.values_list("user").annotate(n=Count("pk")))


def _quotas(users: Mapping[str, float]) -> dict[str, str]:
    """What each of them may have at a time, in words; a row of one's own replaces the one for each."""
    rows = {row.name: row for row in Quota.objects.filter(scope=Scope.USER)}
    found = {user: rows.get(user) or rows.get("") for user in users}
    return {user: _quota_words(row) for user, row in found.items() if row is not None}


def _quota_words(quota: Quota) -> str:
    told = {
        "GPUs running": quota.running_gpus,
        "jobs running": quota.running_jobs,
        "jobs queued": quota.queued_jobs,
    }
    return ", ".join(f"{most} {what}" for what, most in told.items() if most is not None)
