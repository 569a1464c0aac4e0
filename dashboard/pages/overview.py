from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.frame import needs, page
from dashboard.overview import overview


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /: queue, workers, running jobs, recent runs. With htmx only the part that changes."""
    template = "_overview.html" if request.headers.get("HX-Request") else "overview.html"
    context = {"overview": overview(now=timezone.now())}
    return page(request, template, context, section="overview")
