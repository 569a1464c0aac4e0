"""Below MLflow's addresses, errors of the site also say what MLflow calls them: its clients look for `error_code`."""

import json
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse, JsonResponse

PREFIXES = ("/api/2.0/", "/api/3.0/")
CODES = {
    "invalid": "INVALID_PARAMETER_VALUE",
    "too_large": "INVALID_PARAMETER_VALUE",
    "not_found": "RESOURCE_DOES_NOT_EXIST",
    "not_authenticated": "UNAUTHENTICATED",
    "permission_denied": "PERMISSION_DENIED",
    "method_not_allowed": "ENDPOINT_NOT_FOUND",
    "unavailable": "TEMPORARILY_UNAVAILABLE",
    "error": "INTERNAL_ERROR",
}

Answer = Callable[[HttpRequest], HttpResponse]


class MlflowErrors:
    """Adds `error_code` and `message` to `code` and `detail`; refusals of the door are among them."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if response.status_code < 400 or not request.path.startswith(PREFIXES):
            return response
        told = _told(response)
        if told is None or "error_code" in told:
            return response
        code = CODES.get(str(told.get("code")), "BAD_REQUEST")
        mended = JsonResponse(
            told | {"error_code": code, "message": told.get("detail", "")},
            status=response.status_code,
        )
        for name, value in response.headers.items():
            if name not in ("Content-Type", "Content-Length"):
                mended.headers[name] = value
        return mended


def _told(response: HttpResponse) -> dict[str, object] | None:
    if response.streaming or not response.headers.get("Content-Type", "").startswith(
        "application/json"
    ):
        return None
    try:
        told = json.loads(response.content)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
