from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from dashboard.frame import needs, page
from dashboard.runs_table import Wish, table


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /runs/?q=&state=&tag=&sort=&page=&size=: the table of runs; with htmx the table alone."""
    template = "_runs_table.html" if request.headers.get("HX-Request") else "runs.html"
    context = {"table": table(Wish.of(request.GET), now=timezone.now())}
    return page(request, template, context, section="runs")
