"""Rules of projects: which finished runs go into the trash by themselves. A rule shows first what it would do."""

import logging
import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import QuerySet
from django.db.models.fields.json import KeyTransform

from runs import measuring, selectors, ties, trash
from runs.batches import parts
from runs.errors import Invalid, NotFound
from runs.measuring import Room
from runs.models import Direction, RetentionRule, Run, Series
from runs.models.run import FINAL
from whirr_site.access.principals import SCOPES, Principal

log = logging.getLogger(__name__)

AT_ONCE = 500
LONGEST = 3_650  # days
MOST_TAGS = 100
FIELDS = (
    *("enabled", "keep_last", "keep_best", "metric", "direction"),
    *("older_than_days", "protected_tags"),
)


class Seen(NamedTuple):
    """What a rule needs to know of a run."""

    pk: int
    key: str
    finished_at: datetime
    tags: list[str]
    told: Any  # the metric in its summary


@dataclass(frozen=True, slots=True)
class Verdict:
    """Runs that go, the newest first; and how many stay, by the first reason that holds."""

    going: list[Run]
    staying: dict[str, int]

    def room(self) -> Room:
        """What would be freed once the trash is emptied."""
        return measuring.measure(self.going)


def rules() -> QuerySet[RetentionRule]:
    """All of them, by project."""
    return RetentionRule.objects.order_by("project")


def rule(project: str) -> RetentionRule:
    """The rule of a project; "" means runs without one. Raises NotFound."""
    found = RetentionRule.objects.filter(project=project).first()
    if found is None:
        raise NotFound(f"there is no retention rule for {_called(project)}")
    return found


def drafted(project: str, told: Mapping[str, Any]) -> RetentionRule:
    """A rule as `told`, stored nowhere; what is left out has its default. Raises Invalid."""
    draft = RetentionRule(project=project, **{name: told[name] for name in FIELDS if name in told})
    _check(draft)
    return draft


def put(project: str, told: Mapping[str, Any]) -> RetentionRule:
    """Set the rule of a project, all of it. Raises Invalid."""
    draft = drafted(project, told)
    values = {name: getattr(draft, name) for name in FIELDS}
    return RetentionRule.objects.update_or_create(project=project, defaults=values)[0]


def delete(project: str) -> None:
    """Take a rule away; what is in the trash stays there. Raises NotFound."""
    rule(project)
    RetentionRule.objects.filter(project=project).delete()


def judge(one: RetentionRule, *, now: datetime) -> Verdict:
    """Which runs the rule would move to the trash now. It moves none."""
    seen = _seen(one)
    last = {each.pk for each in seen[: one.keep_last or 0]}
    best = _best(one, seen)
    days = one.older_than_days
    limit = None if days is None else now - timedelta(days=days)
    staying: Counter[str] = Counter()
    going: list[int] = []
    for each in seen:
        reason = _why_it_stays(one, each, last=last, best=best, limit=limit)
        if reason:
            staying[reason] += 1
        else:
            going.append(each.pk)
    for some in parts(list(going), AT_ONCE):
        needed = ties.needed(some)
        staying["in use"] += len(needed)
        going = [pk for pk in going if pk not in needed]
    return Verdict(_runs(going), {reason: count for reason, count in staying.items() if count})


def apply(one: RetentionRule, *, now: datetime) -> list[str]:
    """Move to the trash what the rule names; their ids. What it says stands whether or not it is enabled."""
    by = Principal(f"rule of {_called(one.project)}", SCOPES)
    return trash.discard([run.key for run in judge(one, now=now).going], by=by, now=now).keys


def apply_all(*, now: datetime) -> int:
    """Apply each enabled rule; how many runs went. One that fails is told in the log and keeps no other."""
    return sum(_applied(each, now=now) for each in rules().filter(enabled=True))


def _applied(one: RetentionRule, *, now: datetime) -> int:
    try:
        return len(apply(one, now=now))
    except Exception:
        log.exception("the retention rule of %s cannot be applied", _called(one.project))
        return 0


def _seen(one: RetentionRule) -> list[Seen]:
    """The project's finished runs outside the trash, the newest first."""
    found = selectors.runs().filter(project=one.project, status__in=FINAL)
    found = found.annotate(told=KeyTransform(one.metric or "-", "summary"))
    columns = ("pk", "key", "finished_at", "tags", "told")
    return [Seen(*row) for row in found.values_list(*columns).iterator(chunk_size=2000)]


def _best(one: RetentionRule, seen: list[Seen]) -> set[int]:
    """The best by the metric in the run's summary, else by the last value that its main writer logged."""
    if not one.keep_best:
        return set()
    values = {each.pk: float(each.told) for each in seen if _is_number(each.told)}
    for some in parts([each.pk for each in seen if each.pk not in values], AT_ONCE):
        logged = Series.objects.filter(run__in=some, key=one.metric, writer="").order_by("attempt")
        for run, last in logged.values_list("run", "last"):  # the newest attempt that logged it
            if last is not None and math.isfinite(last):
                values[run] = last
            else:
                values.pop(run, None)
    down = one.direction == Direction.MAX
    ranked = sorted(values, key=lambda pk: (-values[pk] if down else values[pk], -pk))
    return set(ranked[: one.keep_best])


def _is_number(told: Any) -> bool:
    try:
        return type(told) in (int, float) and math.isfinite(told)
    except OverflowError:  # a whole number beyond what a float holds
        return False


def _why_it_stays(
    one: RetentionRule, run: Seen, *, last: set[int], best: set[int], limit: datetime | None
) -> str:
    if set(run.tags) & set(one.protected_tags):
        return "protected by a tag"
    if run.pk in last:
        return f"among the last {one.keep_last}"
    if run.pk in best:
        return f"among the best {one.keep_best}"
    return "too young" if limit is not None and run.finished_at > limit else ""


def _runs(keys: list[int]) -> list[Run]:
    found: list[Run] = []
    for some in parts(keys, AT_ONCE):
        found += Run.objects.filter(pk__in=some).defer("config", "summary").order_by("-id")
    return found


def _called(project: str) -> str:
    return f"project {project[:100]}" if project else "runs without a project"


def _check(draft: RetentionRule) -> None:
    if len(draft.project) > 100:
        _refuse("project", "has at most 100 characters")
    for name, most in (("keep_last", 10**6), ("keep_best", 10**6), ("older_than_days", LONGEST)):
        value = getattr(draft, name)
        if value is not None and not 0 <= value <= most:
            _refuse(name, f"is a whole number from 0 to {most}")
    if (draft.keep_last, draft.keep_best, draft.older_than_days) == (None, None, None):
        _refuse("keep_last", "or keep_best or older_than_days is needed: nothing would be kept")
    if draft.keep_best is not None and not draft.metric:
        _refuse("metric", "is needed with keep_best: the best by what?")
    if draft.direction not in Direction.values:
        _refuse("direction", f"is one of {', '.join(Direction.values)}")
    _check_tags(draft.protected_tags)


def _check_tags(tags: Iterable[Any]) -> None:
    if not isinstance(tags, list) or len(tags) > MOST_TAGS:
        _refuse("protected_tags", f"is a list of at most {MOST_TAGS} tags")
    if not all(isinstance(tag, str) and tag.strip() and len(tag) <= 100 for tag in tags):
        _refuse("protected_tags", "are texts of 1 to 100 characters")


def _refuse(name: str, problem: str) -> None:
    raise Invalid(f"{name} {problem}", fields={name: [problem]})
