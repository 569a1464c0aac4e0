"""GET: the page of a run, its header and what stands beside its charts."""

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard import alerts, media, run_page
from dashboard.frame import needs, page, principal
from dashboard.pages.numbers import whole
from dashboard.run_page import RunPage
from dashboard.run_sections.notes import notes
from runs import annotating, attention, trash


@needs("read")
def show(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/?tab=NAME&attempt=N: one run."""
    now = timezone.now()
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    attention.look(shown.run, now=now)
    details = run_page.Details(shown, now=now)
    context = {
        "details": details,
        "tabs": run_page.TABS,
        "tab": run_page.tab_of(shown, request.GET.get("tab", ""), details.series),
        "notes": notes(shown.run),
        "has_log": not shown.is_direct or run_page.has_output(shown),
        "media": media.media(shown.run, shown.attempt),  # before the alerts: it has their cursor
        "alerts": alerts.of_attempt(shown.run, shown.attempt),
        **_head(request, shown),
    }
    return page(request, "run.html", context, section="runs")


def _head(request: HttpRequest, shown: RunPage) -> dict[str, object]:
    who = principal(request)
    return {
        "page": shown,
        "head": run_page.head(shown, now=timezone.now()),
        "may_discard": trash.may_discard(who, shown.run),
        "may_annotate": annotating.may_annotate(who),
        "for_good_at": trash.for_good_at(shown.run),
    }


@needs("read")
def head(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/head: the run's header, as it is now."""
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    return page(request, "_run_head.html", _head(request, shown))


@needs("read")
def side(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/side?find=WORDS: the summary, as it is now."""
    return _part(request, key, "_run_side.html")


@needs("read")
def more(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/more: config, attempts and the job, as they are now."""
    return _part(request, key, "_run_more.html")


@needs("read")
def numbers_by_writer(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/writers: what each of several writers measured, as it is now."""
    return _part(request, key, "_by_writer.html")


def _part(request: HttpRequest, key: str, template: str) -> HttpResponse:
    shown = run_page.run_page(key, whole(request.GET, "attempt"))
    words = request.GET.get("find", "")[:200]
    details = run_page.Details(shown, now=timezone.now(), words=words)
    return page(request, template, {"page": shown, "details": details})
