"""Boards of charts: what they show, curves of groups, files to keep."""

import json
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.views.decorators.http import require_POST

from dashboard.charting import board as boards
from dashboard.charting import export, groups
from dashboard.charting.shown import chosen
from dashboard.frame import needs
from runs import storable
from runs.errors import DomainError, Invalid
from runs.series import binary

LARGEST = 2**63 - 1
Answer = Callable[[HttpRequest, dict[str, Any]], HttpResponseBase]


def asked(answer: Answer) -> Callable[[HttpRequest], HttpResponseBase]:
    """A view that is posted an object of JSON, and says in JSON what is wrong with it."""

    @needs("read")
    @require_POST
    @wraps(answer)
    def view(request: HttpRequest) -> HttpResponseBase:
        try:
            return answer(request, _body(request))
        except DomainError as wrong:
            return JsonResponse({"detail": wrong.detail, "code": wrong.code}, status=400)

    return view


def _body(request: HttpRequest) -> dict[str, Any]:
    """What was posted as JSON, or as the field `asked` of a form, which is how a page lets a file be saved."""
    form = (request.content_type or "").startswith(("application/x-www-form", "multipart/"))
    try:
        told = json.loads(request.POST.get("asked", "") if form else request.body)
    except (ValueError, RecursionError):
        told = None
    if not isinstance(told, dict):
        raise Invalid("the body is an object of JSON")
    _check(told)
    return told


def _check(told: dict[str, Any]) -> None:
    """Raises Invalid where a text or a whole number is none that a database or a column of numbers holds."""
    left: list[Any] = [told]
    while left:
        each = left.pop()
        if isinstance(each, dict):
            left += [*each.keys(), *each.values()]
        elif isinstance(each, list):
            left += each
        elif isinstance(each, str) and storable.text(each) != each:
            raise Invalid(f"a text has a NUL or half of a surrogate pair in it: {each[:80]!a}")
        elif isinstance(each, int) and abs(each) > LARGEST:
            raise Invalid(f"a whole number is beyond what can be meant: at most {LARGEST}")


def _texts(told: dict[str, Any], name: str) -> list[str]:
    found = told.get(name) or []
    if not isinstance(found, list) or not all(isinstance(each, str) for each in found):
        raise Invalid(f"{name} is a list of texts")
    return list(dict.fromkeys(found))


@asked
def board(_request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    """POST /charts/board {"runs": ["job-1", ["job-7", 2]], "columns": ["config.lr"]}: everything but the points."""
    runs = boards.wanted(told.get("runs"))
    return JsonResponse(boards.board(runs, columns=_texts(told, "columns")))


@asked
def group_curves(_request: HttpRequest, told: dict[str, Any]) -> HttpResponse:
    """POST /charts/groups {"groups": [{"label", "runs"}], "keys", "x", "from", "to", "width", "agg", "band"}"""
    return HttpResponse(groups.answer(groups.Wish.of(told)), content_type=binary.TYPE)


@asked
def points(_request: HttpRequest, told: dict[str, Any]) -> StreamingHttpResponse:
    """POST /charts/points.csv {"runs": […], "keys": […]}: every point as it was logged, streamed."""
    shown = chosen(boards.wanted(told.get("runs")))
    return StreamingHttpResponse(
        export.points(shown, _texts(told, "keys")),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": 'attachment; filename="points.csv"'},
    )
