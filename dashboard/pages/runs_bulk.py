import json
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, principal
from dashboard.pages.numbers import whole
from dashboard.pages.runs import scope_of
from dashboard.table import bulk, rehearsing, selections
from dashboard.table.bulk import Deed, Outcome, Target
from dashboard.table.wish import Wish, elements
from runs.errors import Invalid

LONGEST_LIST = 1_000_000  # characters of ids in a form


def target_of(query: QueryDict) -> Target:
    """`runs=a,b`, `sel=<key>`, or `q=…&all=1` (and `group`, `within`). Raises Invalid where it is none of them."""
    if query.get("sel"):
        return Target(selection=query.get("sel", ""))
    if query.get("all") == "1":
        return Target(wish=Wish.of(query))
    if query.get("q") and not query.get("runs"):
        raise Invalid("say all=1 where all runs of the filter are meant")
    return Target(runs=elements(query.get("runs", ""), longest=LONGEST_LIST))


def deed_of(request: HttpRequest, query: QueryDict) -> Deed:
    return Deed(
        verb=query.get("verb", ""),
        value=query.get("value", ""),
        by=principal(request),
        now=timezone.now(),
    )


@needs("submit")
def preview(request: HttpRequest) -> HttpResponse:
    """GET /runs/bulk.json?verb=&runs= or sel= or q=&all=1: {"count", "told", "confirm", "runs", "sel"}

    `runs` are so many; those of a filter are kept as the selection `sel`, for a POST that means these and no others.
    """
    deed = deed_of(request, request.GET)
    target = target_of(request.GET)
    keys = bulk.keys_of(target, scope_of(request))
    told = rehearsing.preview(keys, deed)
    answer = {"count": told.count, "told": told.told, "confirm": told.confirm, "runs": len(keys)}
    if target.wish is not None and keys:
        answer["sel"] = selections.keep(keys, now=deed.now).key
    return JsonResponse(answer)


@require_POST
@needs("submit")
def apply(request: HttpRequest) -> HttpResponse:
    """POST /runs/bulk verb=tag|untag|move|archive|unarchive|trash|cancel|retry, value=, runs= or sel= or q=&all=1, from

    A sentence; with `from`, a number of runs to leave out at the beginning, JSON: {"done", "word", "refused", "why",
    "at", "left"}. Where some are left, the next request says `from=<at>`.
    """
    deed = deed_of(request, request.POST)
    start = whole(request.POST, "from")

    def told() -> str:
        keys = bulk.keys_of(target_of(request.POST), scope_of(request))
        outcome = bulk.apply(keys, deed, start=start or 0)
        if start is None or (start == 0 and not outcome.done and not outcome.left):
            return bulk.said(outcome)
        return json.dumps(as_json(outcome))

    return act(request, told, done=lambda said: said, back="/runs/")


def as_json(outcome: Outcome) -> dict[str, Any]:
    """What a script adds to what the requests before it did."""
    return {
        "done": outcome.done,
        "word": outcome.word,
        "refused": len(outcome.refused),
        "why": outcome.refused[0][1].detail if outcome.refused else "",
        "at": outcome.at,
        "left": outcome.left,
    }


@require_POST
@needs("read")
def select(request: HttpRequest) -> HttpResponse:
    """POST /selections   runs=job-1,job-2: {"key"}"""
    kept = selections.keep(
        elements(request.POST.get("runs", ""), longest=LONGEST_LIST), now=timezone.now()
    )
    return JsonResponse({"key": kept.key, "count": len(kept.runs)})
