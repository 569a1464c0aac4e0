"""What a board shows of some runs: how each looks and is called, which metrics they have, and how figures are drawn."""

from collections.abc import Sequence
from typing import Any

from django.db.models import Count

from dashboard import figures, naming, palette
from dashboard.charting import columns as of_columns
from dashboard.charting.sections import sections
from dashboard.charting.shown import Shown, chosen, condition
from runs.errors import Invalid
from runs.models import Series


def wanted(told: Any) -> dict[str, int | None]:
    """Runs as a page names them: ids, or pairs of an id and an attempt. Raises Invalid.

    An attempt that is null, or 0 as of a run that waited when the page was made, is the newest.
    """
    if not isinstance(told, list):
        raise Invalid('runs is a list of ids, or of pairs ["job-7", 2]')
    found: dict[str, int | None] = {}
    for each in told:
        run, attempt = each if isinstance(each, list) and len(each) == 2 else (each, None)
        whole = attempt is None or (type(attempt) is int and 0 <= attempt < 2**31)
        if not isinstance(run, str) or not whole:
            raise Invalid(f'a run is an id, or a pair ["job-7", 2], and not {str(each)[:80]!r}')
        found[run] = attempt
    return found


def board(runs: dict[str, int | None], *, columns: Sequence[str] = ()) -> dict[str, Any]:
    """Everything but the points, as JSON; a query for runs, two for metrics, one for each metric among `columns`.

    Raises Invalid where there are too many runs, or a column is none.
    """
    shown = chosen(runs)
    there = {each.run.key for each in shown}
    found = Series.objects.filter(condition(shown)).values("key").annotate(n=Count("id"))
    counts = {row["key"]: row["n"] for row in found.order_by()}
    return {
        "runs": _runs(shown, columns),
        "missing": [key for key in runs if key not in there],
        "sections": [
            {"name": each.name, "keys": each.keys, "open": each.is_open}
            for each in sections(counts)
        ],
        "series": counts,
        "style": figures.style(),
    }


def _runs(shown: Sequence[Shown], columns: Sequence[str]) -> list[dict[str, Any]]:
    looks = palette.looks(each.run.key for each in shown)
    labels = naming.labels([each.run for each in shown])
    values = of_columns.values(shown, columns)
    keys = _counts_of_series(shown)
    return [
        {
            "run": each.run.key,
            "attempt": each.attempt,
            "label": labels[each.run.key],
            "colour": looks[each.run.key].colour,
            "dash": looks[each.run.key].dash,
            "final": each.run.is_final,
            "keys": keys.get(each.run.pk, 0),
            "values": row,
        }
        for each, row in zip(shown, values, strict=True)
    ]


def _counts_of_series(shown: Sequence[Shown]) -> dict[int, int]:
    """How many series each run has by now, those of other writers too: more are news for its page."""
    found = Series.objects.filter(condition(shown)).order_by().values_list("run")
    return dict(found.annotate(Count("id")))
