from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, principal
from dashboard.pages.runs import scope_of
from dashboard.table import bulk, selections
from dashboard.table.bulk import Deed, Target
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
    """GET /runs/bulk.json?verb=&runs= or sel= or q=&all=1: {"count", "told", "confirm"}"""
    deed = deed_of(request, request.GET)
    keys = bulk.keys_of(target_of(request.GET), scope_of(request))
    told = bulk.preview(deed.verb, keys, deed)
    return JsonResponse({"count": told.count, "told": told.told, "confirm": told.confirm})


@require_POST
@needs("submit")
def apply(request: HttpRequest) -> HttpResponse:
    """POST /runs/bulk   verb=tag|untag|move|trash|cancel|retry, value=, runs= or sel= or q=&all=1"""
    deed = deed_of(request, request.POST)
    return act(
        request,
        lambda: bulk.apply(bulk.keys_of(target_of(request.POST), scope_of(request)), deed),
        done=lambda said: said,
        back="/runs/",
    )


@require_POST
@needs("read")
def select(request: HttpRequest) -> HttpResponse:
    """POST /selections   runs=job-1,job-2: {"key"}"""
    kept = selections.keep(
        elements(request.POST.get("runs", ""), longest=LONGEST_LIST), now=timezone.now()
    )
    return JsonResponse({"key": kept.key, "count": len(kept.runs)})
