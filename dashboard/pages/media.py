"""The parts of a run's page that show what is no number."""

from django.http import FileResponse, Http404, HttpRequest, HttpResponse, JsonResponse

from dashboard import alerts, histograms, media, pictures
from dashboard.frame import needs, page
from dashboard.pages.numbers import whole
from dashboard.run_page import run_page
from runs.errors import DomainError

# Beside the policy of every page: what is shown here is a picture and may do nothing, even in a tab of its own.
PICTURE_POLICY = "sandbox; default-src 'none'; img-src 'self'; style-src 'unsafe-inline'"


@needs("read")
def section(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/media?attempt=N: a card for each thing that was logged under a key."""
    shown = run_page(key, whole(request.GET, "attempt"))
    told = {"page": shown, "media": media.media(shown.run, shown.attempt)}
    return page(request, "_media.html", told)


@needs("read")
def item(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/media/item?kind=&key=&at=PLACE&whole=1&attempt=N: one of a card's items, the last by default."""
    shown = run_page(key, whole(request.GET, "attempt"))
    is_whole = request.GET.get("whole") == "1"
    found = media.item(
        shown.run,
        shown.attempt,
        request.GET.get("kind", ""),
        request.GET.get("key", ""),
        position=whole(request.GET, "at"),
        whole=is_whole,
    )
    return page(request, "_media_item.html", {"page": shown, "item": found, "is_whole": is_whole})


@needs("read")
def histogram(request: HttpRequest, key: str) -> JsonResponse:
    """GET /runs/<key>/histograms.json?key=&attempt=N: a figure over the steps, and how many could not be read."""
    shown = run_page(key, whole(request.GET, "attempt"))
    figure, unread = histograms.draw(shown.run, shown.attempt, request.GET.get("key", ""))
    return JsonResponse({"figure": figure, "unread": unread})


@needs("read")
def picture(request: HttpRequest, key: str, path: str) -> FileResponse:
    """GET /runs/<key>/images/<path>?attempt=N: an image that a page may show; anything else is not there."""
    shown = run_page(key, whole(request.GET, "attempt"))
    try:
        content, kind = pictures.opened(shown.run, shown.attempt, path)
        file = content.opened(0, content.size)
    except (DomainError, OSError) as error:
        raise Http404(f"there is no image {path[:100]!r}") from error
    return FileResponse(
        file,
        content_type=kind,
        headers={
            "Content-Security-Policy": PICTURE_POLICY,
            "X-Content-Type-Options": "nosniff",
            "Content-Length": str(content.size),
            "Cache-Control": "private, max-age=300" if content.digest else "private, no-cache",
        },
    )


@needs("read")
def alert_list(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/alerts?attempt=N: the alerts of an attempt, as they are now."""
    shown = run_page(key, whole(request.GET, "attempt"))
    told = {"page": shown, "alerts": alerts.of_attempt(shown.run, shown.attempt)}
    return page(request, "_alerts.html", told)
