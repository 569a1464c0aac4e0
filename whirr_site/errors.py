"""Domain errors as HTTP: the one table of status codes, and the one shape of every error."""

import logging
from typing import Any

from django.db import InterfaceError, OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.views import defaults
from rest_framework import exceptions
from rest_framework.response import Response
from rest_framework.views import exception_handler

from runs.errors import DomainError

log = logging.getLogger(__name__)

STATUS = {
    "invalid": 400,
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


UNAVAILABLE = {"detail": "the database does not answer now; try again", "code": "unavailable"}


def body_of(error: DomainError) -> tuple[int, dict[str, Any]]:
    """(status, body) of a domain error."""
    return STATUS[error.code], {"detail": error.detail, "code": error.code, **error.extra}


def as_response(error: Exception, context: dict[str, Any]) -> Response | None:
    """DRF's exception handler: `{"detail", "code", "fields"?}` whatever went wrong."""
    if isinstance(error, DomainError):
        status, body = body_of(error)
        return Response(body, status=status)
    if isinstance(error, (OperationalError, InterfaceError)):
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


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """What Django refuses before any view: a foreign Host above all. The text is ours: an exception's repeats input."""
    if not _for_programs(request):
        return defaults.bad_request(request, exception)
    return _error(
        400,
        "invalid",
        "the request is refused: its Host or its form is not one that is served here",
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """An address that is none."""
    if not _for_programs(request):
        return defaults.page_not_found(request, exception)
    return _error(404, "not_found", "there is nothing at this address")


def server_error(request: HttpRequest) -> HttpResponse:
    """A bug of ours, or a database that is away."""
    if not _for_programs(request):
        return defaults.server_error(request)
    return _error(500, "error", "the server failed to answer; its log says why")


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
