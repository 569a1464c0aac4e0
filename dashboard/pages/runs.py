from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone

from dashboard.frame import needs, page, visitor
from dashboard.table import saved_views
from dashboard.table.build import members as inside
from dashboard.table.build import table
from dashboard.table.wish import Wish, folded
from runs.query.scope import Scope


def scope_of(request: HttpRequest) -> Scope:
    """Who asks, and now."""
    return Scope(now=timezone.now(), me=visitor(request).name)


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /runs/?q=&sort=&cols=&group=&page=&size=: the table of runs; with htmx the table alone."""
    by_script = bool(request.headers.get("HX-Request"))
    default = None if by_script else saved_views.opening(request.GET)
    if default is not None:
        return HttpResponseRedirect(f"/runs/?{saved_views.query_of(default)}")
    query = folded(request.GET)
    if query is not request.GET and not by_script:
        return HttpResponseRedirect(f"/runs/?{query.urlencode()}" if query else "/runs/?q=")
    wish = Wish.of(query)
    found = saved_views.with_view(table(wish, scope_of(request)), query, visitor(request).name)
    return page(
        request,
        "_runs_table.html" if by_script else "runs.html",
        {"table": found},
        section="runs",
    )


@needs("read")
def members(request: HttpRequest) -> HttpResponse:
    """GET /runs/members?<as the table, within=…>: the rows of what is in a group, or the groups one level deeper."""
    found = inside(Wish.of(request.GET), scope_of(request))
    return page(request, "_runs_members.html", {"table": found}, section="runs")
