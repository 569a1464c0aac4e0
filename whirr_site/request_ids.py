"""A name for each request, in its answer, on its error page and in every line that the server logs meanwhile."""

import logging
import re
import secrets
from collections.abc import Callable
from contextvars import ContextVar

from django.http import HttpRequest, HttpResponse

HEADER = "X-Request-ID"
NONE = "-"
GIVEN = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")

_current: ContextVar[str] = ContextVar("request_id", default=NONE)


def current() -> str:
    """The id of the request that this thread answers; "-" outside of any."""
    return _current.get()


class RequestIds:
    """A proxy's id is kept where it has the form of one, so that its log and ours can be read together."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "")
        request_id = given if GIVEN.match(given) else secrets.token_hex(6)
        request.request_id = request_id  # type: ignore[attr-defined]  # what error pages show
        token = _current.set(request_id)
        try:
            response = self.get_response(request)
        finally:
            _current.reset(token)
        response.headers[HEADER] = request_id
        return response


class WithRequestId(logging.Filter):
    """Gives every log record the id, as `request_id`."""

    def filter(self, record: logging.LogRecord) -> bool:
        # Django logs refusals behind every middleware, and says which request it was.
        record.request_id = getattr(getattr(record, "request", None), "request_id", current())
        return True
