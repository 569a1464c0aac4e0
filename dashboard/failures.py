"""Pages that say what went wrong: what happened, what became of it, what to do now, and an id to quote."""

from dataclasses import dataclass
from typing import Any

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render

from dashboard.frame import around

NAMED = 5  # people that a 403 names at most
DETAIL = 300


@dataclass(frozen=True, slots=True)
class Failure:
    """One kind of refusal in words. `happened` is replaced by what the domain itself says, where it says something."""

    title: str
    happened: str
    became: str
    do: str


UNDONE = "Nothing was changed."
FAILURES = {
    400: Failure(
        "This request makes no sense here",
        "The address or the form holds something that cannot be read.",
        UNDONE,
        "Go back and try again; mend the address if you typed it.",
    ),
    403: Failure(
        "You may not do this",
        "Your role does not allow it.",
        UNDONE,
        "Ask one of the people named here for the role.",
    ),
    404: Failure(
        "There is nothing here",
        "The run, job or page may have been deleted, or the address has a typing error.",
        "Deleted runs stay in the trash for some days before they are gone for good.",
        "Look into the trash, or search with Ctrl-K.",
    ),
    405: Failure(
        "This address takes no such request",
        "It is meant for a button of a page, not for the address bar.",
        UNDONE,
        "Go back to the page that you came from.",
    ),
    409: Failure(
        "That is not possible now",
        "Things have changed since the page was loaded.",
        UNDONE,
        "Go back, load the page again, and look at what it says now.",
    ),
    413: Failure(
        "This is too large",
        "The server takes less than that in one request.",
        UNDONE,
        "Send less at once. The settings' page of the documentation names the limits.",
    ),
    500: Failure(
        "Something broke in the server",
        "It is our fault, not yours.",
        "Your runs go on: training never depends on this page. The server's log holds the details under the id below.",
        "Load the page again. If it happens again, report it with the id.",
    ),
    503: Failure(
        "The server cannot answer now",
        "Its database or its storage does not answer.",
        "Your runs go on and keep what they log; it is delivered afterwards.",
        "Load the page again in a moment. If it stays so, whoever runs the server finds the id below in its log.",
    ),
}
EXPIRED = Failure(
    "This form has expired",
    "The page was open so long, or its cookies were cleared, that the server no longer knows it as its own.",
    UNDONE,
    "Go back, load the page again, and repeat what you did.",
)
ROLES = {
    "read": "looks at runs, jobs and workers",
    "submit": "queues, cancels and changes jobs, and edits runs",
    "admin": "manages workers, quotas and people",
    "worker": "is for agents",
}


def failed(
    request: HttpRequest,
    status: int,
    *,
    detail: str = "",
    code: str = "error",
    scope: str = "",
    kind: Failure | None = None,
) -> HttpResponse:
    """The answer in the form that was asked for: a page, JSON for a script of ours, a sentence for htmx."""
    told = kind or FAILURES.get(status) or FAILURES[500 if status >= 500 else 400]
    said = _sentence(detail) or told.happened
    request_id = getattr(request, "request_id", "")
    if request.headers.get("HX-Request"):
        return HttpResponse(said, status=status, content_type="text/plain; charset=utf-8")
    if _wants_json(request):
        return JsonResponse({"detail": said, "code": code, "id": request_id}, status=status)
    context: dict[str, Any] = {"failure": told, "said": said, "status": status, "id": request_id}
    if status == 403 and kind is None:
        context |= {"scope": scope, "role": ROLES.get(scope, ""), "granters": granters()}
    return render(request, "dashboard/failure.html", around(request) | context, status=status)


def granters() -> list[str]:
    """Names of people who can give somebody a role, a few of them."""
    people = get_user_model().objects.filter(is_superuser=True, is_active=True).order_by("pk")
    return [person.get_username() for person in people[:NAMED]]


def _sentence(detail: str) -> str:
    """As a person writes it: what the domain says begins small and has no full stop."""
    text = detail.strip()[:DETAIL]
    if not text:
        return ""
    return f"{text[0].upper()}{text[1:]}{'' if text[-1] in '.!?…' else '.'}"


def _wants_json(request: HttpRequest) -> bool:
    accepted = request.headers.get("Accept", "")
    return request.path.endswith(".json") or (
        "application/json" in accepted and "text/html" not in accepted
    )
