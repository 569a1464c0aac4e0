"""Buttons: do one thing, then say so; a script gets a status, a browser without scripts goes back to a page."""

from collections.abc import Callable

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from runs.errors import DomainError, NotFound


def act(request: HttpRequest, deed: Callable[[], object], *, done: str, back: str) -> HttpResponse:
    """Do `deed`. A refusal of the domain is shown in its own words."""
    by_script = bool(request.headers.get("HX-Request"))
    try:
        deed()
    except NotFound:
        raise
    except DomainError as refused:
        if by_script:
            return HttpResponse(
                refused.detail, status=409, content_type="text/plain; charset=utf-8"
            )
        messages.error(request, refused.detail)
    else:
        if by_script:
            return HttpResponse(done, content_type="text/plain; charset=utf-8")
        messages.success(request, done)
    return HttpResponseRedirect(back)
