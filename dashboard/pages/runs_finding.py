from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from dashboard.frame import needs
from dashboard.pages.numbers import whole
from dashboard.pages.runs import scope_of
from dashboard.table import picking, selections, tips
from dashboard.table.build import asked
from dashboard.table.choosing import counted
from dashboard.table.expressions import ordered
from dashboard.table.wish import Wish, elements
from runs.errors import QueryError
from runs.query import completing
from runs.query.limits import bounded

IDS_MOST = 10_000


@needs("read")
def columns(request: HttpRequest) -> HttpResponse:
    """GET /runs/columns.json?q=&find=: columns that could be shown, by kind"""
    found = picking.choices(
        Wish.of(request.GET), request.GET.get("find", "")[:300], scope_of(request)
    )
    groups = [
        {
            "kind": kind,
            "columns": [
                {"key": each.key, "label": each.label}
                | ({} if each.count is None else {"count": each.count})
                for each in choices
            ],
        }
        for kind, choices in found.groups
    ]
    return JsonResponse(
        {"groups": groups, "more": found.more, "looked_at": found.looked_at, "runs": found.runs}
    )


@needs("read")
def complete(request: HttpRequest) -> HttpResponse:
    """GET /runs/complete.json?q=&at=: what may stand at that character, and what is wrong with the filter"""
    text = request.GET.get("q", "")
    at = whole(request.GET, "at")
    found = completing.complete(text, len(text) if at is None else at, scope_of(request))
    items = [{"text": each.text, "kind": each.kind, "told": each.told} for each in found.items]
    return JsonResponse(
        {"from": found.begin, "to": found.end, "items": items, "error": told(found.error)}
    )


def told(error: QueryError | None) -> dict[str, Any] | None:
    """What is wrong with a filter, and where."""
    if error is None:
        return None
    return {"at": error.at, "length": error.length, "detail": error.what, "hint": error.hint}


@needs("read")
def ids(request: HttpRequest) -> HttpResponse:
    """GET /runs/ids.json?q=&sort=&within=&limit=: ids of runs in the table's order, and how many there are

    ?runs=job-1,job-2: those of them that exist, outside the trash.
    """
    if request.GET.get("runs"):
        there = selections.still_there(elements(request.GET.get("runs", "")))
        return JsonResponse({"runs": there, "count": len(there)})
    wish = Wish.of(request.GET)
    limit = whole(request.GET, "limit")
    most = IDS_MOST if limit is None else min(limit, IDS_MOST)
    with bounded(wish.text):
        we = asked(wish, scope_of(request))
        rows = ordered(we.found, wish.sort, now=we.scope.now).values_list("key", flat=True)
        runs = list(rows[:most])
        count = len(runs) if len(runs) < most else counted(we.found)
    return JsonResponse({"runs": runs, "count": count})


@needs("read")
def tip(request: HttpRequest) -> HttpResponse:
    """GET /runs/tip.json?run=job-1&column=metric.loss:best: what a cell's tooltip says more"""
    column = request.GET.get("column", "")
    text = tips.tip(request.GET.get("run", ""), column, now=timezone.now())
    return JsonResponse({"text": text})
