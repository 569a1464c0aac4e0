from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, principal
from dashboard.pages.numbers import whole
from dashboard.trash_page import trash_page
from dashboard.words import plural, size
from runs import archiving, purging, trash
from runs.trash import Moved

PATIENCE = 20.0  # seconds of one press of the button


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /trash/?page=: what is in the trash; with htmx the part that changes."""
    template = "_trash.html" if request.headers.get("HX-Request") else "trash.html"
    shown = trash_page(principal(request), number=whole(request.GET, "page") or 1)
    return page(request, template, {"trash": shown}, section="runs")


@require_POST
@needs("submit")
def discard(request: HttpRequest, key: str) -> HttpResponse:
    """POST /runs/<key>/trash"""
    return act(
        request,
        lambda: trash.only(trash.discard([key], by=principal(request), now=timezone.now())),
        done=f"{key} is in the trash.",
        back=f"/runs/{key}/",
    )


@require_POST
@needs("submit")
def restore(request: HttpRequest, key: str) -> HttpResponse:
    """POST /runs/<key>/restore"""
    return act(
        request,
        lambda: trash.only(trash.restore([key], by=principal(request))),
        done=f"{key} is restored.",
        back=f"/runs/{key}/",
    )


@require_POST
@needs("submit")
def archive(request: HttpRequest, key: str) -> HttpResponse:
    """POST /runs/<key>/archive"""
    return act(
        request,
        lambda: trash.only(archiving.archive([key], by=principal(request), now=timezone.now())),
        done=f"{key} is archived: lists leave it out.",
        back=f"/runs/{key}/",
    )


@require_POST
@needs("submit")
def unarchive(request: HttpRequest, key: str) -> HttpResponse:
    """POST /runs/<key>/unarchive"""
    return act(
        request,
        lambda: trash.only(archiving.unarchive([key], by=principal(request))),
        done=f"{key} is back from the archive.",
        back=f"/runs/{key}/",
    )


@require_POST
@needs("submit")
def discard_chosen(request: HttpRequest) -> HttpResponse:
    """POST /runs/trash   runs=job-1,job-2"""
    keys = [key for key in request.POST.get("runs", "").split(",") if key][: trash.MOST]

    def deed() -> Moved:
        moved = trash.discard(keys, by=principal(request), now=timezone.now())
        if not moved.keys:
            trash.only(moved)
        return moved

    return act(request, deed, done=_told, back="/runs/")


def _told(moved: Moved) -> str:
    said = f"{plural(len(moved.keys), 'run')} in the trash."
    if moved.refused:
        said += f" {len(moved.refused)} stayed: {moved.refused[0][1].detail}"
    return said


@require_POST
@needs("admin")
def empty(request: HttpRequest) -> HttpResponse:
    """POST /trash/empty: delete for good now, whatever the grace."""
    return act(
        request,
        lambda: purging.purge(
            by=principal(request).name, now=timezone.now(), all_of_it=True, patience=PATIENCE
        ),
        done=lambda purged: (
            f"{plural(len(purged.keys), 'run')} deleted for good, freed {size(purged.freed)}."
            + (f" {purged.left} are left: press again." if purged.left else "")
            + (f" {len(purged.kept)} stay for now." if purged.kept else "")
        ),
        back="/trash/",
    )
