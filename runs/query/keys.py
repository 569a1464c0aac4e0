"""Which keys configs and metrics have, found without reading what stands under them."""

from collections import Counter
from collections.abc import Iterable
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from runs import facts, selectors
from runs.models import Run, Series
from runs.query.conditions import json_exists
from runs.query.json_values import JsonText

LOOKED_AT = 2000  # runs whose configs are read for keys: the newest
MOST_METRICS = 10_000

# A loose index scan (https://wiki.postgresql.org/wiki/Loose_indexscan): one descent of the index a key, however many
# runs logged it. DISTINCT would read all of the index.
LOOSE = """
WITH RECURSIVE known(key) AS (
    SELECT MIN(key) FROM runs_series
    UNION ALL
    SELECT (SELECT MIN(key) FROM runs_series WHERE key > known.key) FROM known WHERE known.key IS NOT NULL
)
SELECT key FROM known WHERE key IS NOT NULL LIMIT %s
"""


def metric_keys(most: int = MOST_METRICS) -> list[str]:
    """The keys of all series by name, at most `most`; one index descent each."""
    with connection.cursor() as cursor:
        cursor.execute(LOOSE, [most])
        return [key for (key,) in cursor.fetchall()]


def config_keys(found: QuerySet[Run] | None = None, *, column: str = "config") -> Counter[str]:
    """Keys of the newest LOOKED_AT of these runs with how many of them have each; nested ones with dots."""
    runs = selectors.runs() if found is None else found
    counted: Counter[str] = Counter()
    for value in runs.order_by("-id").values_list(column, flat=True)[:LOOKED_AT].iterator():
        counted.update(flat(value))
    return counted


def flat(value: Any, prefix: str = "") -> Iterable[str]:
    """The dotted keys of an object; one without entries counts as a value."""
    for key, each in value.items() if isinstance(value, dict) else ():
        if isinstance(each, dict) and each:
            yield from flat(each, f"{prefix}{key}.")
        elif each is not None:
            yield f"{prefix}{key}"


def is_config_key(key: str, column: str = "config") -> bool:
    """Whether the config of any run outside the trash has it."""
    return selectors.runs().filter(json_exists(column, key)).exists()


def is_metric_key(key: str) -> bool:
    """Whether any run logged it."""
    return Series.objects.filter(key=key).exists()


def values_of(
    column: str, beginning: str, most: int, *, runs: QuerySet[Run] | None = None
) -> list[str]:
    """Different texts of a column of runs that have `beginning` in them, the newest first."""
    found = selectors.runs() if runs is None else runs
    if beginning:
        found = found.filter(**{f"{column}__icontains": beginning})
    rows = found.exclude(Q(**{column: ""})).order_by("-id").values_list(column, flat=True)
    return _different(rows[:LOOKED_AT].iterator(), most)


def facts_like(name: str, beginning: str, most: int) -> list[str]:
    """Different texts of a fact that have `beginning` in them, those of the newest runs first."""
    found = selectors.runs().annotate(told=JsonText("facts", facts.key_of(name)))
    rows = found.filter(told__icontains=beginning).order_by("-id").values_list("told", flat=True)
    return _different(rows[:LOOKED_AT].iterator(), most)


def tags_like(beginning: str, most: int) -> list[str]:
    """Different tags that have `beginning` in them, those of the newest runs first."""
    rows = selectors.runs().exclude(tags=[]).values_list("tags", flat=True)[:LOOKED_AT]
    wanted = beginning.lower()
    each = (tag for tags in rows.iterator() for tag in tags if isinstance(tag, str))
    return _different((tag for tag in each if wanted in tag.lower()), most)


def _different(texts: Iterable[str], most: int) -> list[str]:
    seen: dict[str, None] = {}
    for text in texts:
        seen.setdefault(text)
        if len(seen) >= most:
            break
    return list(seen)
