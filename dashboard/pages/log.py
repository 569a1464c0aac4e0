"""The log of a run: what the viewer asks for, and the whole of it to keep."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from dashboard.frame import needs
from dashboard.logs import answers, downloads
from dashboard.logs.answers import Window
from dashboard.pages.numbers import whole
from dashboard.run_page import run_page
from runs import attention
from runs.errors import DomainError, Invalid, NotFound
from runs.logs.searching import Wanted
from runs.logs.turns import Busy


def _answers(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponseBase]:
    """A refusal is JSON here: a script reads it."""

    @needs("read")
    @wraps(view)
    def answered(request: HttpRequest, key: str) -> HttpResponse:
        try:
            return view(request, key)
        except NotFound:
            raise
        except DomainError as wrong:
            return JsonResponse({"detail": wrong.detail, "code": wrong.code}, status=400)

    return answered


def _number(request: HttpRequest, name: str, default: int) -> int:
    found = whole(request.GET, name)
    return default if found is None else found


@_answers
def lines(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/log/lines?attempt=&from=&count= or &tail=: lines by number, from 1; `tail`: the last ones."""
    shown = run_page(key, whole(request.GET, "attempt"))
    attention.look(shown.run, now=timezone.now())
    first, count = _number(request, "from", 1), _number(request, "count", 1000)
    window = Window(first, count, whole(request.GET, "tail"))
    told = answers.lines(shown.run, attempt=shown.attempt, window=window)
    attempt = shown.shown
    began = attempt.started_at if attempt else shown.run.started_at
    return JsonResponse(told if began is None else told | {"began": began.timestamp()})


@_answers
def survey(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/log/survey?attempt=&rank=: where errors and warnings are, and which lines belong together."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return JsonResponse(
        answers.survey(shown.run, attempt=shown.attempt, rank=request.GET.get("rank", ""))
    )


@_answers
def search(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/log/search?q=&kind=text|regex|errors&case=1&near=LINE&rank=&attempt=&who=: hits in all of it."""
    shown = run_page(key, whole(request.GET, "attempt"))
    near, who = _number(request, "near", 1), request.GET.get("who", "")[:40]
    wanted = _wanted(request)
    try:
        found = answers.hits(shown.run, attempt=shown.attempt, wanted=wanted, near=near, who=who)
    except Busy as wrong:
        return JsonResponse({"refused": wrong.detail}, status=503)
    except Invalid as wrong:  # while somebody types an expression, most of it is none yet
        return JsonResponse({"refused": wrong.detail})
    return JsonResponse(found)


@_answers
def spans(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/log/spans?q=&kind=&case=&attempt=&from=&count=: where in some lines the hits are."""
    shown = run_page(key, whole(request.GET, "attempt"))
    window = Window(_number(request, "from", 1), _number(request, "count", 500))
    wanted = _wanted(request)
    found = answers.spans(shown.run, attempt=shown.attempt, wanted=wanted, window=window)
    return JsonResponse(found)


def _wanted(request: HttpRequest) -> Wanted:
    asked = request.GET
    kind, case = asked.get("kind", "text"), asked.get("case") == "1"
    return Wanted(asked.get("q", ""), kind, case=case, rank=asked.get("rank", ""))


@needs("read")
def download(request: HttpRequest, key: str) -> HttpResponseBase:
    """GET /runs/<key>/output.log?attempt=N&stamps=1&gz=1: the whole log, as it was written where neither is given."""
    shown = run_page(key, whole(request.GET, "attempt"))
    stamped, packed = request.GET.get("stamps") == "1", request.GET.get("gz") == "1"
    name = f"{key}-attempt-{shown.attempt}{'-times' if stamped else ''}.log"
    kept: dict[str, Any] = {"content_type": "text/plain; charset=utf-8"}
    if not (stamped or packed):
        file = downloads.raw(shown.run, attempt=shown.attempt)
        return FileResponse(file, as_attachment=True, filename=name, **kept)
    parts = downloads.parts(shown.run, attempt=shown.attempt, stamped=stamped, packed=packed)
    if packed:
        name, kept = f"{name}.gz", {"content_type": "application/gzip"}
    answer = StreamingHttpResponse(parts, **kept)
    answer["Content-Disposition"] = f'attachment; filename="{name}"'
    return answer
