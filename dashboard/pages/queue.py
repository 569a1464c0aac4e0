from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import RoleNeeded, needs, page, visitor
from dashboard.pages.numbers import signed
from dashboard.queue_page import queue_page, wish
from jobs import cancelling, changing_many, consequences, placing, selectors, usage
from jobs.consequences import Told
from jobs.models import Job
from runs.errors import Invalid

MOST = 1000  # jobs of one click
DEEDS = {
    "hold": changing_many.hold_all,
    "release": changing_many.release_all,
    "top": changing_many.move_to_the_top,
}
SAID = {
    "hold": "held back",
    "release": "released",
    "priority": "given another priority",
    "top": "moved to the top",
}


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /queue/?user=me&project=&state=&page=N: what runs and what waits; with htmx the part that changes."""
    template = "_queue.html" if request.headers.get("HX-Request") else "queue.html"
    asked = wish(request.GET.dict(), name=visitor(request).name)
    context = {"queue": queue_page(asked, now=timezone.now())}
    return page(request, template, context, section="queue")


@needs("read")
def shares(request: HttpRequest) -> HttpResponse:
    """GET /queue/usage: who used what, and what fair share makes of it."""
    context = {
        "uses": usage.uses(now=timezone.now()),
        "rule": usage.rule_words(),
        "me": visitor(request).name,
    }
    return page(request, "_usage.html", context)


@needs("submit")
def consequence(request: HttpRequest) -> HttpResponse:
    """GET /queue/cancel.json?jobs=7,8: what cancelling these would do."""
    try:
        told = consequences.of_cancelling(selectors.chosen(ids=_numbers(request.GET.get("jobs"))))
    except Invalid as refused:
        return JsonResponse({"detail": refused.detail, "code": refused.code}, status=400)
    return JsonResponse({"count": told.count, "told": told.words})


@require_POST
@needs("submit")
def cancel(request: HttpRequest) -> HttpResponse:
    """POST /queue/cancel   jobs=7,8"""

    def deed() -> str:
        chosen = selectors.chosen(ids=_numbers(request.POST.get("jobs")))
        ended, asked = cancelling.cancel_all(
            chosen, actor=visitor(request).name, now=timezone.now()
        )
        return f"{len(ended)} cancelled, {len(asked)} told to stop."

    return act(request, deed, done=str, back="/queue/")


@needs("submit")
def foreseen(request: HttpRequest, verb: str) -> HttpResponse:
    """GET /queue/hold|release|priority|top.json?jobs=7,8&priority=N: what this would do to them."""
    _may(request, verb)
    try:
        chosen = selectors.chosen(ids=_numbers(request.GET.get("jobs")))
        told = _told(chosen, verb, request.GET)
    except Invalid as refused:
        return JsonResponse({"detail": refused.detail, "code": refused.code}, status=400)
    return JsonResponse({"count": told.count, "told": told.words})


def _told(chosen: QuerySet[Job], verb: str, asked: QueryDict) -> Told:
    if verb == "priority":
        return changing_many.of_prioritising(chosen, signed(asked, "priority"))
    words = {
        "hold": changing_many.of_holding,
        "release": changing_many.of_releasing,
        "top": changing_many.of_moving_to_the_top,
    }
    return words[verb](chosen)


@require_POST
@needs("submit")
def change(request: HttpRequest, verb: str) -> HttpResponse:
    """POST /queue/hold|release|priority|top   jobs=7,8   priority=N"""
    _may(request, verb)
    who, now = visitor(request).name, timezone.now()

    def deed() -> str:
        chosen = selectors.chosen(ids=_numbers(request.POST.get("jobs")))
        if verb == "priority":
            wish = signed(request.POST, "priority")
            done = changing_many.prioritise_all(chosen, wish, actor=who, now=now)
        else:
            done = DEEDS[verb](chosen, actor=who, now=now)
        return done.words(SAID[verb])

    return act(request, deed, done=str, back="/queue/")


@require_POST
@needs("admin")
def place(request: HttpRequest) -> HttpResponse:
    """POST /queue/place   job=7   above=9 or below=9: drag it there"""
    who, now = visitor(request).name, timezone.now()

    def deed() -> str:
        job, beside, below = _place(request.POST)
        return placing.move(job, beside=beside, below=below, actor=who, now=now).words

    return act(request, deed, done=str, back="/queue/")


def _place(asked: QueryDict) -> tuple[int, int, bool]:
    """Raises Invalid."""
    sides = [side for side in ("above", "below") if asked.get(side)]
    if len(sides) != 1:
        raise Invalid("say above or below which job: job=7, above=9")
    job, beside = _numbers(asked.get("job")), _numbers(asked.get(sides[0]))
    if len(job) + len(beside) != 2:
        raise Invalid("one job at a time goes beside one other")
    return job[0], beside[0], sides[0] == "below"


def _may(request: HttpRequest, verb: str) -> None:
    """Before all others goes only what an administrator puts there."""
    if verb == "top" and not visitor(request).may("admin"):
        raise RoleNeeded("admin")


def _numbers(text: str | None) -> list[int]:
    """Raises Invalid."""
    parts = [part.strip() for part in (text or "").split(",") if part.strip()]
    if not parts or not all(part.isascii() and part.isdigit() and len(part) < 19 for part in parts):
        raise Invalid("jobs must be numbers between commas: jobs=7,8")
    if len(parts) > MOST:
        raise Invalid(f"at most {MOST} jobs at a time, not {len(parts)}")
    return [int(part) for part in parts]
