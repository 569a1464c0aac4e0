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


# name of the address, what the link says, the section that marks it, the key after `g`
NAVIGATION = (
    ("overview", "Overview", "overview", "o"),
    ("runs", "Runs", "runs", "r"),
    ("queue", "Queue", "queue", "q"),
    ("arrays", "Sweeps", "arrays", "s"),
    ("workers", "Workers", "workers", "w"),
)


class RoleNeeded(PermissionDenied):
    """Somebody known asks for what their roles do not allow."""

    def __init__(self, scope: str) -> None:
        super().__init__(f"This needs the role “{scope}”.")
        self.scope = scope


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
                raise RoleNeeded(scope)
            try:
                return view(request, *args, **kwargs)
            except NotFound as missing:
                raise Http404(missing.detail) from missing

        return guarded

    return around


def around(request: HttpRequest, *, section: str = "") -> dict[str, Any]:
    """What the frame of a page shows; also where a request failed before anybody knew who asks."""
    who: Visitor | None = getattr(request, "principal", None)
    return {
        "visitor": who,
        "may_submit": who is not None and who.may("submit"),
        "may_admin": who is not None and who.may("admin"),
        "section": section,
        "navigation": NAVIGATION if who is not None else (),
    }


def page(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    section: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render a page or one of its parts, with what its frame shows."""
    frame = around(request, section=section)
    return render(request, f"dashboard/{template}", frame | context, status=status)
