"""Reading and changing quotas."""

from collections.abc import Mapping

from django.db.models import QuerySet

from jobs.errors import Invalid, NotFound
from jobs.models import Quota, Scope
from runs import feed

LIMITS = ("running_gpus", "running_jobs", "queued_jobs")


def quotas() -> QuerySet[Quota]:
    """All of them: what holds for each user or project first, then those with a name."""
    return Quota.objects.order_by("scope", "name")


def put(scope: str, name: str, limits: Mapping[str, int | None]) -> Quota:
    """Set the limits of a user or a project, or with an empty name of each that has none of its own. None: no limit.

    Raises Invalid.
    """
    _check(scope, name)
    values = {each: limits.get(each) for each in LIMITS}
    quota, _ = Quota.objects.update_or_create(scope=scope, name=name, defaults=values)
    feed.ring(feed.QUEUE, feed.WORK)  # there may be room now for what waits
    return quota


def delete(scope: str, name: str) -> None:
    """Take a quota away. Raises Invalid, NotFound."""
    _check(scope, name)
    gone, _ = Quota.objects.filter(scope=scope, name=name).delete()
    if not gone:
        raise NotFound(f"there is no quota for {Quota(scope=scope, name=name)}")
    feed.ring(feed.QUEUE, feed.WORK)


def _check(scope: str, name: str) -> None:
    if scope not in Scope.values:
        problem = f"is one of {', '.join(Scope.values)}"
        raise Invalid(f"scope {problem}, not {scope!r}", fields={"scope": [problem]})
    if len(name) > 150:
        problem = "has at most 150 characters"
        raise Invalid(f"name {problem}", fields={"name": [problem]})
