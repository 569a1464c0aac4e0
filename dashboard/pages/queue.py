from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, visitor
from dashboard.queue_page import queue_page
from jobs.cancelling import cancel as cancel_job


@needs("read")
def show(request: HttpRequest) -> HttpResponse:
    """GET /queue/?page=N: all that runs and all that waits; with htmx the part that changes."""
    template = "_queue.html" if request.headers.get("HX-Request") else "queue.html"
    context = {"queue": queue_page(request.GET.get("page", "1"), now=timezone.now())}
    return page(request, template, context, section="queue")


@require_POST
@needs("submit")
def cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    """POST /jobs/7/cancel"""
    return act(
        request,
        lambda: cancel_job(job_id, actor=visitor(request).name, now=timezone.now()),
        done=f"Job {job_id} will be cancelled.",
        back=f"/runs/job-{job_id}/",
    )
