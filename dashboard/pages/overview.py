from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, visitor
from dashboard.machines import machine
from dashboard.night import visits
from dashboard.overview import overview


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /?since=12h: how the night went, queue, workers, running jobs. With htmx only the part that changes."""
    now = timezone.now()
    by_script = bool(request.headers.get("HX-Request"))
    text, told = request.GET.get("since", ""), request.GET.get("told", "")
    name = visitor(request).name
    since = visits.since(text, told=told, name=name, now=now)
    context = {
        "overview": overview(since, name, now=now),
        "machine": machine(request),
        "since": since,
        "spans": visits.OFFERED,
    }
    template = "_overview.html" if by_script else "overview.html"
    return page(request, template, context, section="overview")


@require_POST
@needs("read")
def seen(request: HttpRequest) -> HttpResponse:
    """POST /seen: what happened until now is no news any more."""
    name = visitor(request).name
    return act(
        request,
        lambda: visits.mark_seen(name, now=timezone.now()),
        done="Seen. The next look tells what happens from here on.",
        back="/",
    )


@require_POST
@needs("read")
def close_steps(request: HttpRequest) -> HttpResponse:
    """POST /first-steps/close: the visitor knows how to begin."""
    name = visitor(request).name
    return act(
        request,
        lambda: visits.close_steps(name, now=timezone.now()),
        done="Closed. Workers has the lines that add a machine.",
        back="/",
    )
