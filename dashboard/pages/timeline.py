from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.frame import needs, page
from dashboard.night import night_of
from dashboard.night.night_of import window


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /timeline/?from=12h&to=: lanes and bars; with htmx the picture alone."""
    now = timezone.now()
    since, until = window(request.GET.get("from", ""), request.GET.get("to", ""), now=now)
    template = "_timeline.html" if request.headers.get("HX-Request") else "timeline.html"
    shown = night_of.timeline_of(since, until, now=now)
    context = {
        "timeline": shown,
        "spans": night_of.OFFERED,
        "asked": request.GET.get("from", "") or night_of.USUAL,
    }
    return page(request, template, context, section="overview")
