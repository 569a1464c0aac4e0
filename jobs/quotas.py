"""The most that a user or a project may have: running GPUs, running jobs, queued jobs.

Whoever starts or queues jobs under a quota locks its row first, so that two servers cannot both take the last place.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from jobs.errors import LimitReached
from jobs.models import Attempt, Job, Quota, Requirement, Scope
from jobs.states import AttemptStatus, JobStatus
from runs import rows

Account = tuple[str, str]


def _accounts(user: str, project: str) -> list[Account]:
    mine = [(Scope.USER.value, user)]
    return [*mine, (Scope.PROJECT.value, project)] if project else mine


@dataclass(slots=True)
class _Room:
    gpus: int
    jobs: int


class Caps:
    """What may still be started, for the accounts that have a quota."""

    def __init__(self, quotas: dict[Account, Quota]) -> None:
        self._quotas = quotas
        self._running = _running() if quotas else {}

    def __bool__(self) -> bool:
        """Whether anybody has a quota here."""
        return bool(self._quotas)

    @classmethod
    def locked(cls, needs: Iterable[Requirement]) -> "Caps":
        """Lock the quotas that bear upon these lanes. One plain look where nobody has one."""
        return cls._of(needs, lock=True)

    @classmethod
    def read(cls, needs: Iterable[Requirement]) -> "Caps":
        """The same without locks: a guess."""
        return cls._of(needs, lock=False)

    @classmethod
    def _of(cls, needs: Iterable[Requirement], *, lock: bool) -> "Caps":
        every = rows.select(Quota, "TRUE", [])
        if not every:
            return cls({})
        wanted = {
            account: quota
            for need in needs
            for account in _accounts(need.user, need.project)
            if (quota := _for(account, every)) and _bounds_running(quota)
        }
        if lock:
            _lock(wanted.values())
        return cls(wanted)

    def refusal(self, need: Requirement, gpus: int) -> str:
        """Why a job of this lane may not start on so many GPUs now; empty where it may."""
        for account in _accounts(need.user, need.project):
            quota = self._quotas.get(account)
            if quota is None:
                continue
            has = self._running.get(account, _Room(0, 0))
            name = f"{account[0]} {account[1]!r}"
            if quota.running_jobs is not None and has.jobs >= quota.running_jobs:
                return f"{name} has {has.jobs} of {quota.running_jobs} jobs running"
            if quota.running_gpus is not None and gpus and has.gpus + gpus > quota.running_gpus:
                return f"{name} has {has.gpus} of {quota.running_gpus} GPUs running"
        return ""

    def started(self, need: Requirement, gpus: int, *, times: int = 1) -> None:
        """Count a start; `times=-1` takes it back."""
        if self._quotas:
            for account in _accounts(need.user, need.project):
                room = self._running.setdefault(account, _Room(0, 0))
                room.jobs += times
                room.gpus += times * gpus


def _bounds_running(quota: Quota) -> bool:
    return quota.running_gpus is not None or quota.running_jobs is not None


def _for(account: Account, quotas: list[Quota]) -> Quota | None:
    """The account's own row, or else the one for each that has none."""
    scope, name = account
    own = [each for each in quotas if each.scope == scope and each.name in (name, "")]
    return max(own, key=lambda each: each.name, default=None)


def _running() -> dict[Account, _Room]:
    rooms: dict[Account, _Room] = defaultdict(lambda: _Room(0, 0))
    running = Attempt.objects.filter(status=AttemptStatus.RUNNING).order_by()
    for user, project, gpus in running.values_list("job__user", "job__project", "gpus"):
        for account in _accounts(user, project):
            rooms[account].jobs += 1
            rooms[account].gpus += len(gpus)
    return rooms


def check_queue(user: str, project: str, *, more: int) -> None:
    """Raises LimitReached where so many more jobs are over a quota on queued jobs. Inside the submit's transaction."""
    every = rows.select(Quota, "TRUE", [])
    mine = {
        account: quota
        for account in _accounts(user, project)
        if (quota := _for(account, every)) and quota.queued_jobs is not None
    }
    _lock(mine.values())
    for (scope, name), quota in mine.items():
        has, most = _queued((scope, name)), quota.queued_jobs or 0
        if has + more > most:
            raise LimitReached(
                f"{scope} {name!r} has {has} jobs queued and may have {most}; "
                f"{more} more are too many: wait until some have started, or cancel some"
            )


def _lock(quotas: Iterable[Quota]) -> None:
    keys = {quota.pk for quota in quotas}
    if keys:
        list(Quota.objects.select_for_update().filter(pk__in=keys).order_by("pk"))


def _queued(account: Account) -> int:
    scope, name = account
    waiting = Job.objects.filter(status__in=[JobStatus.WAITING, JobStatus.QUEUED])
    mine = waiting.filter(user=name) if scope == Scope.USER else waiting.filter(project=name)
    return mine.count()
