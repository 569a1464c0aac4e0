from django.http import HttpRequest, HttpResponse, JsonResponse, QueryDict
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, principal, visitor
from dashboard.models import SavedView, Visibility
from dashboard.table import saved_views
from dashboard.table.saved_views import Change
from runs.errors import Invalid

FLAGS = {"1": True, "true": True, "0": False, "false": False}


@needs("read")
def listed(request: HttpRequest) -> HttpResponse:
    """GET /views.json?page=runs&project=&view=7: what the visitor may open there, and how many more elsewhere.

    There are the views of all projects, those of the one, and the view that is open.
    """
    name, asked = visitor(request).name, request.GET
    page, project = asked.get("page", "runs"), asked.get("project", "")
    open_now = saved_views.number(asked.get("view", ""))
    found = saved_views.visible(page, project, name=name, open_now=open_now)
    return JsonResponse(
        {
            "views": [told(view, name) for view in found],
            "elsewhere": saved_views.elsewhere(page, project, name=name),
        }
    )


def told(view: SavedView, name: str) -> dict[str, object]:
    """A view as the menu needs it."""
    return {
        "id": view.pk,
        "name": view.name,
        "mine": view.owner == name,
        "owner": view.owner,
        "project": view.project,
        "visibility": view.visibility,
        "is_default": view.is_default,
        "query": saved_views.state_of(view),
    }


@require_POST
@needs("read")
def save(request: HttpRequest) -> HttpResponse:
    """POST /views   name, page, project, visibility, query"""
    form = request.POST
    return act(
        request,
        lambda: saved_views.save(
            name=form.get("name", ""),
            page=form.get("page", "runs"),
            project=form.get("project", ""),
            visibility=form.get("visibility", Visibility.PRIVATE),
            query=form.get("query", ""),
            by=principal(request),
            now=timezone.now(),
        ),
        done=lambda view: f"Saved as “{view.name}”.",
        back="/runs/",
    )


@require_POST
@needs("read")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """POST /views/7/change   name, visibility, is_default (0 or 1), query: what is given is changed"""
    return act(
        request,
        lambda: saved_views.change(
            pk, change_of(request.POST), by=principal(request), now=timezone.now()
        ),
        done=lambda view: f"“{view.name}” is changed.",
        back="/runs/",
    )


def change_of(form: QueryDict) -> Change:
    """What a form says. Raises Invalid."""
    flag = form.get("is_default")
    if flag is not None and flag.lower() not in FLAGS:
        raise Invalid(f"is_default is 0 or 1, not {flag[:30]!r}")
    return Change(
        name=form.get("name"),
        visibility=form.get("visibility"),
        is_default=None if flag is None else FLAGS[flag.lower()],
        query=form.get("query"),
    )


@require_POST
@needs("read")
def delete(request: HttpRequest, pk: int) -> HttpResponse:
    """POST /views/7/delete"""
    return act(
        request,
        lambda: saved_views.delete(pk, by=principal(request)),
        done="The view is deleted.",
        back="/runs/",
    )
