"""Default deny for everything that Django serves."""

from collections.abc import Callable, Iterable
from urllib.parse import urlsplit

from django.conf import settings
from django.contrib.auth import login
from django.core.exceptions import BadRequest
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
    QueryDict,
    UnreadablePostError,
)
from django.utils.http import urlencode

from whirr_site.access import addresses, principals

Answer = Callable[[HttpRequest], HttpResponse]

# A machine that becomes a node has no session yet; the agent is a public program and holds no secret.
DOWNLOADS = frozenset({"/download/whirr-worker", "/download/whirr-worker.sha256"})
OPEN_PATHS = frozenset({"/health", "/enter", "/favicon.ico"}) | DOWNLOADS
OPEN_PREFIXES = (settings.STATIC_URL,)


class HoldsNul(BadRequest):
    """No database can look for that character, and no page writes it."""

    def __init__(self, where: str, fields: Iterable[str] = ()) -> None:
        super().__init__(f"{where} cannot hold a NUL character")
        self.fields = {name: ["This cannot hold a NUL character."] for name in fields}


class DefaultDeny:
    """Refuse whoever is nobody, unless the path is on the short list of open ones."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        principal = self._who(request)
        request.principal = principal  # type: ignore[attr-defined]  # what views ask
        if principal is None and not _is_open(request.path):
            return _refusal(request)
        if principal and principal.run and not request.path.startswith("/api/"):
            return _error(403, "permission_denied", "a run's token is for the API alone")
        if "\0" in request.path or "%00" in request.META.get("QUERY_STRING", ""):
            raise HoldsNul("an address", _holding_nul(request.GET))
        if blamed := _blamed_in_form(request):
            raise HoldsNul("a form", blamed)
        with addresses.acting(_names(request, principal), addresses.of_request(request)):
            return self.get_response(request)

    def _who(self, request: HttpRequest) -> principals.Principal | None:
        if settings.WHIRR_AUTH == "none":
            if request.path.startswith("/admin/") and not request.user.is_authenticated:
                login(request, principals.owner_account())
            return principals.EVERYBODY
        if header := request.headers.get("authorization", ""):
            return principals.of_header(header)
        return principals.of_user(request.user)


def _names(request: HttpRequest, principal: principals.Principal | None) -> frozenset[str]:
    """In which names whoever asks may act: in the admin an account's, even where everybody may do everything."""
    names = {principal.name} if principal else set()
    if request.path.startswith("/admin/"):
        names.add(request.user.get_username())
    return frozenset(names - {""})


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(OPEN_PREFIXES)


def _holding_nul(fields: QueryDict) -> list[str]:
    return [
        name for name, values in fields.lists() if any("\0" in text for text in (name, *values))
    ]


def _blamed_in_form(request: HttpRequest) -> list[str]:
    """Bodies of the API are no forms, may be long, and are judged where they are read."""
    if request.method != "POST" or request.path.startswith("/api/"):
        return []
    try:
        return _holding_nul(request.POST)
    except UnreadablePostError:  # who sent it has hung up; the view notices as ever
        return []


def _error(status: int, code: str, detail: str) -> JsonResponse:
    return JsonResponse({"detail": detail, "code": code}, status=status)


def _refusal(request: HttpRequest) -> HttpResponse:
    if request.path.startswith("/api/") or request.method not in ("GET", "HEAD"):
        detail = "Say who you are: send the header 'Authorization: Bearer <token>'."
        answer = _error(401, "not_authenticated", detail)
        answer.headers["WWW-Authenticate"] = "Bearer"
        return answer
    if request.headers.get("HX-Request"):
        # The address of the page: that of the part would be a page without its frame.
        page = urlsplit(request.headers.get("HX-Current-URL", ""))
        wanted = page._replace(scheme="", netloc="").geturl()
        return HttpResponse(status=401, headers={"HX-Redirect": _door(wanted)})
    return HttpResponseRedirect(_door(request.get_full_path()))


def _door(wanted: str) -> str:
    """The door, which leads back to where somebody was; it looks itself whether that is a page of ours."""
    return f"{settings.LOGIN_URL}?{urlencode({'next': wanted})}" if wanted else settings.LOGIN_URL
