from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, visitor
from jobs.demo import making, removing
from jobs.phrases import plural


@require_POST
@needs("submit")
def make(request: HttpRequest) -> HttpResponse:
    """POST /demo: thirty made-up runs."""
    return act(
        request,
        lambda: making.make(now=timezone.now()),
        done=lambda made: (
            f"{plural(made, 'run')} in the project demo." if made else "The demo data is there."
        ),
        back="/",
    )


@require_POST
@needs("submit")
def remove(request: HttpRequest) -> HttpResponse:
    """POST /demo/remove: gone for good, and nothing else."""
    return act(
        request,
        lambda: removing.remove(actor=visitor(request).name, now=timezone.now()),
        done=lambda removed: f"{plural(removed, 'run')} of demo data removed.",
        back="/",
    )
