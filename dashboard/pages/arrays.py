from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, visitor
from dashboard.night import arrays
from jobs import cancelling, members, retrying
from jobs.phrases import plural


@needs("read")
def show_all(request: HttpRequest) -> HttpResponse:
    """GET /arrays/?page=N: all arrays; with htmx the part that changes."""
    template = "_arrays.html" if request.headers.get("HX-Request") else "arrays.html"
    lines, shown = arrays.listed(request.GET.get("page", "1"))
    return page(request, template, {"lines": lines, "page": shown}, section="arrays")


@needs("read")
def show(request: HttpRequest, number: int) -> HttpResponse:
    """GET /arrays/7/?metric=loss&goal=min&sort=value&page=N: one array; with htmx the part that changes."""
    template = "_array.html" if request.headers.get("HX-Request") else "array.html"
    asked = arrays.wish(request.GET.dict())
    shown = arrays.array_page(number, asked, now=timezone.now())
    return page(request, template, {"shown": shown}, section="arrays")


@require_POST
@needs("submit")
def change(request: HttpRequest, number: str, verb: str) -> HttpResponse:
    """POST /arrays/7/retry|cancel: its failed members once more; what has not ended."""
    who, now = visitor(request).name, timezone.now()

    def retry() -> str:
        made = retrying.retry_all(members.failed(int(number)), actor=who, now=now)
        return f"{plural(len(made), 'job')} queued again." if made else "Nothing is left to retry."

    def cancel() -> str:
        ended, asked = cancelling.cancel_all(members.unfinished(int(number)), actor=who, now=now)
        return f"{len(ended)} cancelled, {len(asked)} told to stop."

    deeds: dict[str, Callable[[], str]] = {"retry": retry, "cancel": cancel}
    return act(request, deeds[verb], done=str, back=f"/arrays/{number}/")
