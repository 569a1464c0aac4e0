"""Buttons: do one thing, then say so; a script gets a status, a browser without scripts goes back to a page."""

from collections.abc import Callable
from typing import TypeVar

from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect

from runs.errors import DomainError, NotFound

Done = TypeVar("Done")


def act(
    request: HttpRequest,
    deed: Callable[[], Done],
    *,
    done: str | Callable[[Done], str],
    back: str,
) -> HttpResponse:
    """Do `deed`. A refusal of the domain is shown in its own words."""
    by_script = bool(request.headers.get("HX-Request"))
    try:
        made = deed()
    except NotFound:
        raise
    except DomainError as refused:
        if by_script:
            return HttpResponse(
                refused.detail, status=409, content_type="text/plain; charset=utf-8"
            )
        messages.error(request, refused.detail)
    else:
        said = done if isinstance(done, str) else done(made)
        if by_script:
            return HttpResponse(said, content_type="text/plain; charset=utf-8")
        messages.success(request, said)
    return HttpResponseRedirect(back)
