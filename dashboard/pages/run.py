from dataclasses import asdict

from django.http import FileResponse, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone

from dashboard import alerts, charts, log_text, media
from dashboard.figures import AXES
from dashboard.frame import needs, page, principal
from dashboard.pages.numbers import whole
from dashboard.run_page import RunPage, details, last_words, run_page, why
from runs import attention, trash


@needs("read")
def show(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/?attempt=N: one run."""
    shown = run_page(key, whole(request.GET, "attempt"))
    attention.look(shown.run, now=timezone.now())
    context = {
        "details": details(shown),
        "media": media.media(shown.run, shown.attempt),  # before the alerts: it has their cursor
        "alerts": alerts.of_attempt(shown.run, shown.attempt),
        **_head(request, shown),
    }
    return page(request, "run.html", context, section="runs")


def _head(request: HttpRequest, shown: RunPage) -> dict[str, object]:
    return {
        "page": shown,
        "may_discard": trash.may_discard(principal(request), shown.run),
        "for_good_at": trash.for_good_at(shown.run),
        "last_words": last_words(shown),
        "why": why(shown, now=timezone.now()),
    }


@needs("read")
def head(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/head: the run's header, as it is now."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return page(request, "_run_head.html", _head(request, shown))


@needs("read")
def side(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/side: config, summary, attempts, timeline and artifacts, as they are now."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return page(request, "_run_side.html", {"page": shown, "details": details(shown)})


@needs("read")
def numbers_by_writer(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/writers: what each of several writers measured, as it is now."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return page(request, "_by_writer.html", {"page": shown, "details": details(shown)})


@needs("read")
def chart_cards(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/charts: an empty card for each metric; the script draws into those that are new."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return page(request, "_charts.html", {"sections": details(shown).sections})


@needs("read")
def figures(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/series.json?key=loss&key=acc&axis=step|time&attempt=N: a Plotly figure for each metric."""
    shown = run_page(key, whole(request.GET, "attempt"))
    attention.look(shown.run, now=timezone.now())
    keys = request.GET.getlist("key")[: charts.KEYS_AT_ONCE]
    axis = AXES.get(request.GET.get("axis", ""), "step")
    drawn = charts.draw([charts.Shown(shown.run, shown.attempt)], keys, axis=axis)
    return JsonResponse({"figures": drawn})


@needs("read")
def log(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/log.json?attempt=N&before=BYTE: a window of the log as text; without `before`, its end."""
    shown = run_page(key, whole(request.GET, "attempt"))
    before = whole(request.GET, "before")
    return JsonResponse(asdict(log_text.earlier(shown.run, attempt=shown.attempt, before=before)))


@needs("read")
def raw_log(request: HttpRequest, key: str) -> FileResponse:
    """GET /runs/<key>/output.log?attempt=N: the whole log as the run wrote it, to keep."""
    shown = run_page(key, whole(request.GET, "attempt"))
    return FileResponse(
        log_text.raw(shown.run, attempt=shown.attempt),
        as_attachment=True,
        filename=f"{key}-attempt-{shown.attempt}.log",
        content_type="text/plain; charset=utf-8",
    )
