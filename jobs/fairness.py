"""Fair share: inside a priority, whoever used fewer GPU-seconds lately comes first.

Use is summed per user and per project, halves every half-life (as Slurm's multifactor plugin does it), and counts what
runs now as it goes. A lane's score is its user's use plus its project's; without a project the user's counts twice, so
that naming one is neither a gain nor a loss.
"""

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime, timedelta

from django.conf import settings

from jobs.models import Attempt, Requirement, Scope, Usage
from jobs.states import AttemptStatus
from runs import rows

Account = tuple[str, str]  # (scope, name)

CPU_SLOT = 0.1  # GPUs that a job without one counts as
UPFRONT = 60.0  # seconds that every start counts as at once, so that many short jobs take turns


def accounts(need: Requirement) -> tuple[Account, Account]:
    """Whose use decides about this lane."""
    mine = (Scope.USER.value, need.user)
    return mine, (Scope.PROJECT.value, need.project) if need.project else mine


def weight(gpus: int) -> float:
    return gpus or CPU_SLOT


def decayed(gpu_seconds: float, *, since: datetime, now: datetime) -> float:
    """What is left of it, by `WHIRR_FAIR_SHARE_HALF_LIFE`."""
    half_life: timedelta = settings.WHIRR_FAIR_SHARE_HALF_LIFE
    return float(gpu_seconds * 0.5 ** max(0.0, (now - since) / half_life))


class Shares:
    """Everybody's use at one moment."""

    def __init__(self, used: dict[Account, float]) -> None:
        self._used: dict[Account, float] = defaultdict(float, used)

    @classmethod
    def read(cls, *, now: datetime) -> "Shares":
        """Two queries: ended attempts were charged when they ended, running ones are summed up here."""
        shares = cls(
            {
                (row.scope, row.name): decayed(row.gpu_seconds, since=row.at, now=now)
                for row in Usage.objects.all()
            }
        )
        running = Attempt.objects.filter(status=AttemptStatus.RUNNING).order_by()
        for user, project, gpus, started in running.values_list(
            "job__user", "job__project", "gpus", "started_at"
        ):
            seconds = max(0.0, (now - started).total_seconds()) + UPFRONT
            shares._add(user, project, weight(len(gpus)) * seconds)
        return shares

    def _add(self, user: str, project: str, gpu_seconds: float) -> None:
        self._used[Scope.USER.value, user] += gpu_seconds
        if project:
            self._used[Scope.PROJECT.value, project] += gpu_seconds

    def score(self, need: Requirement) -> float:
        """The lower, the sooner."""
        return sum(self._used[account] for account in accounts(need))

    def used(self, account: Account) -> float:
        """GPU-seconds, decayed."""
        return self._used[account]

    def started(self, need: Requirement, gpus: int) -> None:
        """One more job of this lane was given GPUs just now."""
        self._add(need.user, need.project, weight(gpus) * UPFRONT)


def compete(lanes: Collection[Requirement]) -> bool:
    """Whether there is anything to share: lanes of more than one account."""
    return len({accounts(need) for need in lanes}) > 1


def charge(attempt: Attempt, *, now: datetime) -> None:
    """Book what an attempt took that has just ended. Inside its transaction, as its last lock."""
    _book(attempt, attempt.started_at, now, now=now)


def refund(attempt: Attempt, *, now: datetime) -> None:
    """Take back what was booked when it was lost: it goes on, and is charged for all of it when it ends."""
    if attempt.finished_at is not None:
        _book(attempt, attempt.finished_at, attempt.started_at, now=now)


def _book(attempt: Attempt, since: datetime, until: datetime, *, now: datetime) -> None:
    job = attempt.job
    gpu_seconds = weight(len(attempt.gpus)) * (until - since).total_seconds()
    booked = {(Scope.USER.value, job.user), (Scope.PROJECT.value, job.project)}
    for scope, name in sorted(booked - {(Scope.PROJECT.value, "")}):
        row = _locked(scope, name) or _made(scope, name, now=now)
        left = decayed(row.gpu_seconds, since=row.at, now=now)
        row.gpu_seconds, row.at = max(0.0, left + gpu_seconds), max(now, row.at)
        row.save(update_fields=["gpu_seconds", "at"])


def _locked(scope: str, name: str) -> Usage | None:
    found = rows.select(Usage, "scope = %s AND name = %s", [scope, name], lock="FOR UPDATE")
    return found[0] if found else None


def _made(scope: str, name: str, *, now: datetime) -> Usage:
    Usage.objects.get_or_create(scope=scope, name=name, defaults={"at": now})
    return Usage.objects.select_for_update().get(scope=scope, name=name)
