"""Filters as conditions of the database. Keys and values of a filter are parameters; fields come from fixed tables."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Exists, F, Model, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Coalesce, NullIf

from mlflow_api.filters.comparing import OfConfig, like
from mlflow_api.filters.language import Comparison, parse
from mlflow_api.metrics import TAKEN
from mlflow_api.models import Experiment, ExperimentTag, Param, RunTag, TrackedRun
from mlflow_api.refusals import Refusal, invalid
from mlflow_api.states import OURS, moment
from runs import selectors
from runs.models import Run, Series
from runs.parsing import RESERVED

LOOKUPS = {"<": "lt", "<=": "lte", ">": "gt", ">=": "gte", "=": "exact"}
OF_TEXTS = ("=", "!=", "LIKE", "ILIKE", "IN", "NOT IN")
OF_KEYS = ("=", "!=", "LIKE", "ILIKE", "IS NULL", "IS NOT NULL")

RUN_TEXTS = {"run_id": "key", "run_name": "called", "user_id": "user"}
RUN_TIMES = {"start_time": "begun", "end_time": "finished_at"}
EXPERIMENT_TEXTS = {"name": "called"}
EXPERIMENT_TIMES = {"creation_time": "created_at", "last_update_time": "updated_at"}

# What clients are told of a run where it says nothing itself.
CALLED = Coalesce(NullIf(F("name"), Value("")), F("key"))
BEGUN = Coalesce(F("started_at"), F("created_at"))


def runs() -> QuerySet[Run]:
    """All runs, with what the tables above name."""
    return Run.objects.alias(called=CALLED, begun=BEGUN)


def experiments() -> QuerySet[Experiment]:
    """All experiments, likewise."""
    return Experiment.objects.alias(
        called=Coalesce(NullIf(F("project"), Value("")), Value("Default"))
    )


@dataclass
class Conditions:
    """What the comparisons of one filter come to. `aliases` have names of our own making."""

    aliases: dict[str, Any] = field(default_factory=dict)
    all_of: list[Any] = field(default_factory=list)

    def compare(self, left: str, sign: str, value: Any) -> Any:
        """A condition on a field or alias of ours."""
        if sign in ("LIKE", "ILIKE"):
            return like(left, value, whatever_case=sign == "ILIKE", vendor=connection.vendor)
        if sign == "IS NULL":
            return Q(**{f"{left}__isnull": True})
        if sign == "IS NOT NULL":
            return Q(**{f"{left}__isnull": False})
        if sign in ("IN", "NOT IN"):
            listed = Q(**{f"{left}__in": list(value)})
            return listed if sign == "IN" else ~listed
        if sign == "!=":
            return Q(**{f"{left}__isnull": False}) & ~Q(**{left: value})
        return Q(**{f"{left}__{LOOKUPS[sign]}": value})

    def aliased(self, expression: Any) -> str:
        """A name for an expression."""
        name = f"entry{len(self.aliases)}"
        self.aliases[name] = expression
        return name


Reading = Callable[[Conditions, Comparison], Any]
Found = TypeVar("Found", bound=Model)


def filtered_runs(found: QuerySet[Run], text: str) -> QuerySet[Run]:
    """Those of `runs()` that a filter finds. Raises Refusal."""
    readings: dict[str, Reading] = {
        "metric": _metric,
        "param": _param,
        "tag": _run_tag,
        "attribute": _run_attribute,
    }
    return _filtered(found, parse(text), readings)


def filtered_experiments(found: QuerySet[Experiment], text: str) -> QuerySet[Experiment]:
    """Those of `experiments()` that a filter finds. Raises Refusal."""
    readings: dict[str, Reading] = {"tag": _experiment_tag, "attribute": _experiment_attribute}
    return _filtered(found, parse(text), readings)


def _filtered(
    found: QuerySet[Found], comparisons: Iterable[Comparison], readings: dict[str, Reading]
) -> QuerySet[Found]:
    conditions = Conditions()
    for each in comparisons:
        reading = readings.get(each.name.kind)
        if reading is None:
            raise invalid(f"Invalid filter: there are no {each.name.kind}s to compare here.")
        conditions.all_of.append(reading(conditions, each))
    narrowed: QuerySet[Found] = found.alias(**conditions.aliases).filter(*conditions.all_of)
    return narrowed


def _metric(conditions: Conditions, said: Comparison) -> Any:
    """Of the value that was logged last."""
    if said.sign not in (*LOOKUPS, "!=") or not isinstance(said.value, float):
        raise _unfit(said, "a metric is compared with a number, by =, !=, <, <=, > or >=")
    key = said.name.key
    name = TAKEN + key if key in RESERVED else key
    series = Series.objects.filter(run=OuterRef("pk"), attempt=OuterRef("attempt"), key=name)
    first = selectors.of_first_writers(series)
    return Exists(first.filter(conditions.compare("last", said.sign, said.value)))


def _param(conditions: Conditions, said: Comparison) -> Any:
    """Of what a client logged, or of the config of a run that is whirr's own."""
    entry = conditions.aliased(OfConfig(F("config"), Value(said.name.key)))
    ours = Exists(TrackedRun.objects.filter(run=OuterRef("pk"), made_here=True))
    condition = conditions.compare(entry, said.sign, _of_key(said))
    return _keyed(Param, "run", said) & Q(ours) | Q(condition) & ~Q(ours)


def _run_tag(_conditions: Conditions, said: Comparison) -> Any:
    return _keyed(RunTag, "run", said)


def _experiment_tag(_conditions: Conditions, said: Comparison) -> Any:
    return _keyed(ExperimentTag, "experiment", said)


def _keyed(model: Any, owner: str, said: Comparison) -> Any:
    """Something has a row with the comparison's key, and with a value that it holds for."""
    value = _of_key(said)
    rows = model._default_manager.filter(**{owner: OuterRef("pk")}, key=said.name.key)
    if said.sign == "IS NULL":
        return ~Q(Exists(rows))
    return Q(Exists(rows.filter(Conditions().compare("value", said.sign, value))))


def _of_key(said: Comparison) -> str | None:
    if said.sign in OF_KEYS and (isinstance(said.value, str) or said.value is None):
        return said.value
    raise _unfit(
        said, "it is compared with a text between quotation marks, by =, !=, LIKE or ILIKE"
    )


def _run_attribute(conditions: Conditions, said: Comparison) -> Any:
    if said.name.key == "status":
        return _status(said)
    return _attribute(conditions, said, RUN_TEXTS, RUN_TIMES, "status")


def _experiment_attribute(conditions: Conditions, said: Comparison) -> Any:
    return _attribute(conditions, said, EXPERIMENT_TEXTS, EXPERIMENT_TIMES)


def _attribute(
    conditions: Conditions,
    said: Comparison,
    texts: dict[str, str],
    times: dict[str, str],
    *others: str,
) -> Any:
    name = said.name.key
    if name in texts:
        if said.sign not in OF_TEXTS or isinstance(said.value, float):
            raise _unfit(said, f"it is compared with a text, by {', '.join(OF_TEXTS)}")
        return conditions.compare(texts[name], said.sign, said.value)
    if name in times:
        if said.sign not in (*LOOKUPS, "!=") or not isinstance(said.value, float):
            raise _unfit(said, "a time is compared with a number, milliseconds since 1970")
        return conditions.compare(times[name], said.sign, moment(int(said.value)))
    known = ", ".join([*texts, *times, *others])
    raise invalid(
        f"Invalid attribute key '{name[:80]}' specified: those that can be compared are {known}."
    )


def _status(said: Comparison) -> Any:
    if said.sign not in ("=", "!=", "IN", "NOT IN") or isinstance(said.value, float):
        raise _unfit(said, "a status is compared with a text, by =, !=, IN or NOT IN")
    told = (said.value,) if isinstance(said.value, str) else said.value or ()
    meant = Q(status__in=[OURS[word] for word in told if word in OURS])
    return ~meant if said.sign in ("!=", "NOT IN") else meant


def _unfit(said: Comparison, why: str) -> Refusal:
    return invalid(f"Invalid filter for {said.name.kind} '{said.name.key[:80]}': {why}.")
