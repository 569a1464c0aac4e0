from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from dashboard.forms import SubmitForm
from dashboard.frame import needs, page, visitor
from jobs.submitting import submit
from runs.errors import DomainError


@require_http_methods(["GET", "POST"])
@needs("submit")
def show(request: HttpRequest) -> HttpResponse:
    """GET the form; POST queues a job and shows its run. A refusal keeps what was typed."""
    form = SubmitForm(request.POST or None, initial={"workdir": request.GET.get("workdir", "")})
    if request.method == "POST" and form.is_valid():
        try:
            job = submit(form.submission(), user=visitor(request).name, now=timezone.now())
        except DomainError as refused:
            form.add_error(None, refused.detail)
        else:
            return redirect("run", key=job.run.key)
    return page(
        request, "submit.html", {"form": form}, section="queue", status=422 if form.errors else 200
    )
