"""Domain errors as HTTP: the one table of status codes, and the one shape of every error."""

import logging
import sys
from collections.abc import Callable
from typing import Any

from django.core.exceptions import RequestDataTooBig
from django.db import InterfaceError, OperationalError
from django.http import (
    Http404,
    HttpRequest,
    HttpResponse,
    HttpResponseNotAllowed,
    JsonResponse,
)
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from dashboard import failures
from dashboard.frame import RoleNeeded
from runs.errors import DomainError
from whirr_site.access.middleware import HoldsNul

log = logging.getLogger(__name__)

STATUS = {
    "invalid": 400,
    "invalid_filter": 400,
    "not_found": 404,
    "lease_lost": 409,
    "offset_gap": 409,
    "diverged": 409,
    "worker_name_taken": 409,
    "illegal_move": 409,
    "limit_reached": 409,
    "run_taken": 409,
    "in_trash": 409,
    "in_use": 409,
    "busy": 409,
    "conflict": 409,
    "too_large": 413,
    "permission_denied": 403,
    "checksum_mismatch": 422,
    "storage_unavailable": 503,
}


AWAY = (OperationalError, InterfaceError)
UNAVAILABLE = {"detail": "the database does not answer now; try again", "code": "unavailable"}


def body_of(error: DomainError) -> tuple[int, dict[str, Any]]:
    """(status, body) of a domain error."""
    return STATUS[error.code], {"detail": error.detail, "code": error.code, **error.extra}


def as_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: `{"detail", "code", "fields"?}` whatever went wrong."""
    if isinstance(error, DomainError):
        status, body = body_of(error)
        return Response(body, status=status)
    if isinstance(error, AWAY):
        log.warning("the database does not answer: %s", error)
        return Response(dict(UNAVAILABLE), status=503)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    if isinstance(error, RecursionError):  # no code of ours recurses but over the JSON of a body
        error = exceptions.ParseError("the body is nested too deeply")
    response = exception_handler(error, context)
    if response is None or not isinstance(error, exceptions.APIException):
        return response
    if isinstance(error, exceptions.ValidationError):
        response.data = {
            "detail": _sentence(error.detail),
            "code": "invalid",
            "fields": error.detail,
        }
    else:
        code = error.get_codes()
        response.data = {
            "detail": str(error.detail),
            "code": code if isinstance(code, str) else "invalid",
        }
    return response


class Refusals:
    """What the domain refuses a page, a verb that is none here, and a database that is away, as a page that says so."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if not isinstance(response, HttpResponseNotAllowed) or _for_programs(request):
            return response
        told = failures.failed(request, 405, code="method_not_allowed")
        told.headers["Allow"] = response.headers["Allow"]
        return told

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        if _for_programs(request):
            return None
        if isinstance(error, DomainError):
            return failures.failed(
                request, STATUS[error.code], code=error.code, detail=error.detail
            )
        if isinstance(error, AWAY):
            log.warning("the database does not answer: %s", error)
            return failures.failed(request, 503, code="unavailable")
        return None


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What is refused before any view: a foreign Host above all. Django's own exceptions repeat input, ours do not."""
    if isinstance(exception, HoldsNul):
        if _for_programs(request):
            told = {"detail": str(exception), "code": "invalid", "fields": exception.fields}
            return JsonResponse(told, status=400)
        return _refused(request, 400, "invalid", str(exception))
    if isinstance(exception, RequestDataTooBig):
        return _refused(request, 413, "too_large", "the request is larger than the server takes")
    detail = "the request is refused: its Host or its form is not one that is served here"
    return _refused(request, 400, "invalid", detail)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """Somebody known, who may not do this."""
    if _for_programs(request):
        return _error(403, "permission_denied", str(exception))
    scope = exception.scope if isinstance(exception, RoleNeeded) else ""
    return failures.failed(
        request, 403, code="permission_denied", detail=str(exception), scope=scope
    )


def expired(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form without the token of its page, or with that of another session."""
    log.warning("a form was refused: %s", reason)
    if _for_programs(request):
        return _error(403, "permission_denied", "the request lacks the token of a page")
    return failures.failed(request, 403, code="permission_denied", kind=failures.EXPIRED)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none."""
    if _for_programs(request):
        return _error(404, "not_found", "there is nothing at this address")
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return failures.failed(request, 404, code="not_found", detail=said)


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug of ours, or a database that was away before any view: who asks is looked up there."""
    away = isinstance(sys.exc_info()[1], AWAY)
    if not _for_programs(request):
        try:
            if away:
                return failures.failed(request, 503, code="unavailable")
            return failures.failed(request, 500)
        except Exception:  # the bug may be in what draws the page
            log.exception("not even the page about the failure could be drawn")
    if away:
        return _error(503, UNAVAILABLE["code"], UNAVAILABLE["detail"])
    return _error(500, "error", "the server failed to answer; its log says why")


def _refused(request: HttpRequest, status: int, code: str, detail: str) -> HttpResponse:
    if _for_programs(request):
        return _error(status, code, detail)
    return failures.failed(request, status, code=code, detail=detail)


def _for_programs(request: HttpRequest) -> bool:
    return request.path.startswith("/api/")


def _error(status: int, code: str, detail: str) -> HttpResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status)


def _sentence(detail: Any) -> str:
    """The first thing that is wrong, with its place."""
    if isinstance(detail, dict):
        name, inner = next(iter(detail.items()))
        return f"{name}: {_sentence(inner)}" if name != "non_field_errors" else _sentence(inner)
    if isinstance(detail, list) and detail:
        return _sentence(detail[0])
    return str(detail)
