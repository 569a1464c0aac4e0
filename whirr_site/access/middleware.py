"""Default deny for everything that Django serves."""

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.utils.http import urlencode

from whirr_site.access import principals

Answer = Callable[[HttpRequest], HttpResponse]

# A machine that becomes a node has no session yet; the agent is a public program and holds no secret.
DOWNLOADS = frozenset({"/download/whirr-worker", "/download/whirr-worker.sha256"})
OPEN_PATHS = frozenset({"/health", "/enter", "/favicon.ico"}) | DOWNLOADS
OPEN_PREFIXES = (settings.STATIC_URL,)


class DefaultDeny:
    """Refuse whoever is nobody, unless the path is on the short list of open ones."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:  # no database can look for it
            return _error(400, "invalid", "an address cannot hold a NUL character")
        principal = self._who(request)
        request.principal = principal  # type: ignore[attr-defined]  # what views ask
        if principal is None and not _is_open(request.path):
            return _refusal(request)
        if principal and principal.run and not request.path.startswith("/api/"):
            return _error(403, "permission_denied", "a run's token is for the API alone")
        return self.get_response(request)

    def _who(self, request: HttpRequest) -> principals.Principal | None:
        if settings.WHIRR_AUTH == "none":
            if request.path.startswith("/admin/") and not request.user.is_authenticated:
                login(request, principals.owner_account())
            return principals.EVERYBODY
        if header := request.headers.get("authorization", ""):
            return principals.of_header(header)
        return principals.of_user(request.user)


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def _error(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status)


def _refusal(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
        detail = "Say who you are: send the header 'Authorization: Bearer <token>'."
        answer = _error(401, "not_authenticated", detail)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if request.headers.get("HX-Request"):
        return HttpResponse(status=401, headers={"HX-Redirect": settings.LOGIN_URL})
    query = urlencode({"next": request.get_full_path()})
    return HttpResponseRedirect(f"{settings.LOGIN_URL}?{query}")
