"""What every page has around it: who is asking, what they may do, where they are."""

from collections.abc import Callable
from functools import wraps
from typing import Any, Protocol, cast

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render

from runs.errors import NotFound
from whirr_site.access.principals import Principal


class Visitor(Protocol):
    """What a page needs to know of whoever asks (whirr_site.access.principals.Principal)."""

    @property
    def name(self) -> str: ...

    def may(self, scope: str) -> bool: ...


NAVIGATION = (
    ("overview", "Overview", "overview"),
    ("runs", "Runs", "runs"),
    ("queue", "Queue", "queue"),
    ("workers", "Workers", "workers"),
)

View = Callable[..., HttpResponseBase]


def visitor(request: HttpRequest) -> Visitor:
    """Whoever the middleware found behind this request."""
    return cast(Visitor, request.principal)  # type: ignore[attr-defined]


def principal(request: HttpRequest) -> Principal:
    """The same, for what the domain itself decides about who may do it."""
    return cast("Principal", visitor(request))


def needs(scope: str) -> Callable[[View], View]:
    """Let a view be reached with this scope alone; a thing that does not exist is a page that does not exist."""

    def around(view: View) -> View:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
            if not visitor(request).may(scope):
                raise PermissionDenied(f"This needs the role “{scope}”.")
            try:
                return view(request, *args, **kwargs)
            except NotFound as missing:
                raise Http404(missing.detail) from missing

        return guarded

    return around


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    section: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page or one of its parts, with what its frame shows."""
    who = visitor(request)
    frame = {
        "visitor": who,
        "may_submit": who.may("submit"),
        "may_admin": who.may("admin"),
        "section": section,
        "navigation": NAVIGATION,
    }
    return render(request, f"dashboard/{template}", {**frame, **context}, status=status)
