"""Which columns a table shows where nobody says it, and which of those asked for have nothing to show."""

from collections import Counter
from collections.abc import Iterable, Sequence

from django.db.models import Count, F, QuerySet

from dashboard import differences
from dashboard.differences import flat
from dashboard.metrics import telling
from dashboard.table.expressions import sort_terms
from dashboard.table.specs import Spec, sorting, spec
from runs.models import Run, Series
from runs.query import conditions
from runs.query.scope import Scope
from runs.storage import SYSTEM

CONFIG_SHOWN = 5
LOOKED_AT = 100  # runs of a page that say which columns are worth showing


def default_specs(runs: Sequence[Run], sort: Iterable[str], counts: Counter[str]) -> list[Spec]:
    """What a page of runs shows: the metric that tells most of them, and the config keys in which they differ."""
    # What runs are told apart by stands first: half of the screen is charts.
    specs = [Spec("fixed", "name", pinned=True), Spec("fixed", "state")]
    main = primary(counts)
    if main:
        specs += [Spec("metric", main, "last"), Spec("metric", main, "best")]
    configs = [flat(run.config) for run in runs]
    keys = differences.telling(configs)[:CONFIG_SHOWN] if len(runs) > 1 else []
    specs += [Spec("config", key) for key in keys]
    fixed = ["started", "duration", "user"]
    if any(run.kind == "job" for run in runs):
        fixed.append("gpus")
    if len({run.project for run in runs}) > 1:
        fixed.append("project")
    specs += [Spec("fixed", name) for name in fixed]
    sorted_by = [found[0] for word in sort if (found := sorting(word))]
    return specs + [each for each in sorted_by if each.key not in {one.key for one in specs}]


def primary(counts: Counter[str]) -> str:
    """Of the metrics that most runs have the one that tells most; "" where nothing was logged.

    Some runs without it do not matter, or it would be another one with every filter.
    """
    logged = {key: count for key, count in counts.items() if not key.startswith(SYSTEM)}
    most = max(logged.values(), default=0)
    return min((key for key, count in logged.items() if 2 * count >= most), key=telling, default="")


def metric_counts(runs: Sequence[Run]) -> Counter[str]:
    """How many of these runs logged each metric in their newest attempt; one query."""
    mine = Series.objects.filter(run__in=[run.pk for run in runs], attempt=F("run__attempt"))
    rows = mine.order_by().values_list("key").annotate(n=Count("run", distinct=True))
    return Counter(dict(rows))


def asked_for(words: Sequence[str]) -> tuple[list[Spec], list[str]]:
    """The columns that words name, pinned ones first, and what is wrong with the others."""
    found: dict[str, Spec] = {}
    unknown = []
    for word in words:
        one = spec(word)
        if one is None:
            unknown.append(f"{word[:100]} is no column")
        else:
            found.setdefault(one.key, one)
    return sorted(found.values(), key=lambda each: not each.pinned), unknown


def reads_facts(cols: Iterable[str], sort: Iterable[str]) -> bool:
    """Whether a column needs `Run.facts`: what is sorted by is shown, too."""
    shown = [spec(word) for word in cols]
    shown += [found[0] for word in sort if (found := sorting(word))]
    return any(each is not None and each.is_fact for each in shown)


def is_empty(one: Spec, found: QuerySet[Run], scope: Scope) -> bool:
    """Whether no run that the filter leaves has anything in this column."""
    if one.kind == "metric":
        return not found.filter(conditions.metric_exists(one.name)).exists()
    if one.kind != "fixed":
        return not found.filter(conditions.json_exists(one.kind, one.name)).exists()
    if one.name in ("tags", "alerts", "notes", "name", "id", "state"):
        return False
    (term,) = sort_terms(one, scope.now)
    return not found.alias(term=term).filter(term__isnull=False).exists()


def counted(found: QuerySet[Run]) -> int:
    """How many runs; exact."""
    return int(found.order_by().aggregate(n=Count("pk"))["n"])
