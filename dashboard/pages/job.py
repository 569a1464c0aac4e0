from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_POST

from dashboard.acting import act
from dashboard.frame import needs, page, visitor
from dashboard.pages.numbers import signed
from dashboard.run_page import run_page, why
from jobs import cancelling, changing, retrying


@needs("read")
def explained(request: HttpRequest, key: str) -> HttpResponse:
    """GET /runs/<key>/why: why it does not run, as it is now."""
    return page(request, "_why.html", {"why": why(run_page(key), now=timezone.now())})


@require_POST
@needs("submit")
def change(request: HttpRequest, job_id: int, verb: str) -> HttpResponse:
    """POST /jobs/7/cancel|hold|release|retry"""
    verbs: dict[str, tuple[Callable[..., Any], str]] = {
        "cancel": (cancelling.cancel, "Job {} will be cancelled."),
        "hold": (changing.hold, "Job {} is held back."),
        "release": (changing.release, "Job {} may start."),
        "retry": (retrying.retry, "Job {} is queued again, as a job of its own."),
    }
    deed, done = verbs[verb]
    return act(
        request,
        lambda: deed(job_id, actor=visitor(request).name, now=timezone.now()),
        done=done.format(job_id),
        back=_page_of(job_id),
    )


@require_POST
@needs("submit")
def prioritise(request: HttpRequest, job_id: int) -> HttpResponse:
    """POST /jobs/7/priority   priority=N"""
    return act(
        request,
        lambda: changing.set_priority(
            job_id,
            signed(request.POST, "priority"),
            actor=visitor(request).name,
            now=timezone.now(),
        ),
        done=lambda job: f"Job {job.pk} has priority {job.priority}.",
        back=_page_of(job_id),
    )


def _page_of(job_id: int) -> str:
    return f"/runs/job-{job_id}/"
