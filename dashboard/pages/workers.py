from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, visitor
from dashboard.machines import machine
from dashboard.nodes import machines, worker_id_of
from jobs.workers import delete, label, set_disabled, set_draining, set_projects


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /workers/?page=N: nodes with their GPUs; with htmx the part that changes."""
    template = "_workers.html" if request.headers.get("HX-Request") else "workers.html"
    found = machines(request.GET.get("page", "1"), now=timezone.now())
    told = {
        "nodes": found.nodes,
        "page": found.page,
        "skewed": found.skewed,
        "machine": machine(request),
        "server_version": settings.WHIRR_VERSION,
    }
    return page(request, template, told, section="workers")


@require_POST
@needs("admin")
def change(request: HttpRequest, pk: str, verb: str) -> HttpResponse:
    """POST /workers/<number>/drain|resume|disable|enable|delete. By number: a worker's name may hold a slash."""
    worker_id = worker_id_of(int(pk))
    who, now = visitor(request).name, timezone.now()
    deeds = {
        "drain": lambda: set_draining(worker_id, True, actor=who, now=now),  # noqa: FBT003
        "resume": lambda: set_draining(worker_id, False, actor=who, now=now),  # noqa: FBT003
        "disable": lambda: set_disabled(worker_id, True, actor=who, now=now),  # noqa: FBT003
        "enable": lambda: set_disabled(worker_id, False, actor=who, now=now),  # noqa: FBT003
        "delete": lambda: delete(worker_id, actor=who, now=now),
    }
    return act(request, deeds[verb], done=f"{worker_id}: {verb}.", back="/workers/")


@require_POST
@needs("admin")
def serve(request: HttpRequest, pk: str) -> HttpResponse:
    """POST /workers/<number>/projects   projects=vision, speech: whose jobs it takes; none named: everybody's."""
    worker_id = worker_id_of(int(pk))
    named = [part.strip()[:100] for part in request.POST.get("projects", "").split(",")]
    projects = list(dict.fromkeys(name for name in named if name))
    return act(
        request,
        lambda: set_projects(worker_id, projects, actor=visitor(request).name, now=timezone.now()),
        done=f"{worker_id} serves {', '.join(projects) or 'all projects'}.",
        back="/workers/",
    )


@require_POST
@needs("admin")
def relabel(request: HttpRequest, pk: str) -> HttpResponse:
    """POST /workers/<number>/labels   add=fast, nvlink   remove=old: tags beside those of its agent."""
    worker_id = worker_id_of(int(pk))
    add = [name for name in request.POST.get("add", "").split(",") if name.strip()]
    remove = request.POST.getlist("remove")

    def deed() -> str:
        has = label(
            worker_id, add=add, remove=remove, actor=visitor(request).name, now=timezone.now()
        )
        return f"{worker_id} has {'the labels ' + ', '.join(has) if has else 'no label'}."

    return act(request, deed, done=str, back="/workers/")
