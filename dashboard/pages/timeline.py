from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.frame import needs, page
from dashboard.night import night_of
from dashboard.night.night_of import window


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /timeline/?from=12h&to= or &ahead=6h: lanes and bars; with htmx the picture alone."""
    now = timezone.now()
    begin, end, further = (request.GET.get(key, "") for key in ("from", "to", "ahead"))
    since, until = window(begin, end, further, now=now)
    template = "_timeline.html" if request.headers.get("HX-Request") else "timeline.html"
    shown = night_of.timeline_of(since, until, now=now, goes_on=not (end or further))
    context = {
        "timeline": shown,
        "spans": night_of.OFFERED,
        "asked": begin or night_of.USUAL,
        "aheads": night_of.AHEAD,
        "further": further,
    }
    return page(request, template, context, section="overview")
