"""The same principals for Django REST framework."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from whirr_site.access.principals import Principal

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which imports this module, by its settings


def principal_of(request: Request) -> Principal:
    """Who is asking; behind `MayUse` there is always somebody."""
    return cast("Principal", request.user)


class PrincipalAuthentication(BaseAuthentication):
    """Takes over whom the middleware found. A browser's session stays under Django's own CSRF check."""

    def authenticate(self, request: Request) -> tuple[Principal, None] | None:
        principal = getattr(request._request, "principal", None)
        if principal is None:
            return None
        by_session = settings.WHIRR_AUTH != "none" and "authorization" not in request.headers
        by_page = (
            settings.WHIRR_AUTH == "none" and "origin" in request.headers
        )  # maybe of another site
        if by_session or by_page:
            SessionAuthentication().enforce_csrf(request)
        return principal, None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class MayUse(BasePermission):
    """Reading needs `read`, everything else `submit`; a view says otherwise with `scope` or `open_to_runs`."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        if not request.user:
            raise NotAuthenticated
        principal = principal_of(request)
        if principal.run is not None:
            return bool(getattr(view, "open_to_runs", False))
        scope: Any = getattr(view, "scope", None)
        return principal.may(scope or ("read" if request.method in SAFE_METHODS else "submit"))
