from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.frame import needs, page
from dashboard.queue_page import queue_page


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /queue/?page=N: all that runs and all that waits; with htmx the part that changes."""
    template = "_queue.html" if request.headers.get("HX-Request") else "queue.html"
    context = {"queue": queue_page(request.GET.get("page", "1"), now=timezone.now())}
    return page(request, template, context, section="queue")
