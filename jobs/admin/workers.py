"""Workers: drained, disabled, deleted, told whom they serve."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any

from django import forms
from django.conf import settings
from django.contrib import admin
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.safestring import SafeString

from jobs import blocked, versions, workers
from jobs.admin import worker_deeds
from jobs.models import Worker
from jobs.states import AttemptStatus
from runs import admin_badges
from runs.admin_confirming import Asked, confirmed
from runs.admin_counting import Large

MOST_PROJECTS = 100


class WorkerForm(forms.ModelForm):
    """Projects as lines of text."""

    projects = forms.CharField(
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="The projects whose jobs it is given, one a line. Empty: all.",
    )

    class Meta:
        model = Worker
        fields = ("projects",)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["projects"] = "\n".join(self.instance.projects)

    def clean_projects(self) -> list[str]:
        lines = [line.strip() for line in self.cleaned_data["projects"].splitlines()]
        names = list(dict.fromkeys(filter(None, lines)))
        if len(names) > MOST_PROJECTS or any(len(name) > 100 for name in names):
            raise forms.ValidationError(
                f"At most {MOST_PROJECTS} projects, of at most 100 characters each."
            )
        return names


@admin.register(Worker)
class WorkerAdmin(Large, admin.ModelAdmin):
    list_display = (
        *("worker_id", "state", "hostname", "cards", "out", "version", "beside_ours"),
        "heard_of",
    )
    list_filter = ("online", "disabled", "draining", "version")
    search_fields = ("worker_id", "hostname")
    actions = ("disable", "enable", "drain", "resume", "delete_workers")
    form = WorkerForm

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        running = Count("attempts", filter=Q(attempts__status=AttemptStatus.RUNNING))
        known: QuerySet[Worker] = super().get_queryset(request)
        return known.annotate(running=running)

    def get_readonly_fields(self, request: HttpRequest, obj: Worker | None = None) -> list[str]:
        fields = [field.name for field in Worker._meta.fields if field.name != "projects"]
        return [*fields, "out", "beside_ours"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # its agent makes it known

    def has_delete_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False  # the action asks the domain, which keeps those that are of use

    def save_model(self, request: HttpRequest, obj: Worker, form: Any, change: bool) -> None:  # noqa: FBT001
        """Never the whole row: that would undo its agent's last word."""
        if "projects" in form.changed_data:
            who, now = request.user.get_username(), timezone.now()
            workers.set_projects(obj.worker_id, form.cleaned_data["projects"], actor=who, now=now)

    @admin.display(description="state")
    def state(self, worker: Worker) -> SafeString:
        busy = bool(getattr(worker, "running", 0))
        return admin_badges.state(str(worker.status(now=timezone.now(), busy=busy)))

    @admin.display(description="heard of (UTC)", ordering="heartbeat_at")
    def heard_of(self, worker: Worker) -> str:
        return admin_badges.minute(worker.heartbeat_at)

    @admin.display(description="its agent")
    def beside_ours(self, worker: Worker) -> str:
        told = versions.skew(worker.version, settings.WHIRR_VERSION)
        return told.note or "has this server's version"

    @admin.display(description="GPUs")
    def cards(self, worker: Worker) -> str:
        names = [str(gpu.get("name", "GPU")) for gpu in worker.gpus if isinstance(gpu, dict)]
        return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names)) or "none"

    @admin.display(description="GPUs handed to no job")
    def out(self, worker: Worker) -> str:
        if not worker.is_online(now=timezone.now()):
            return "-"
        return "; ".join(each.text for each in blocked.of(worker)) or "none"

    @admin.action(description="Disable: give them no jobs", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Worker]) -> Asked:
        return confirmed(self, request, queryset, worker_deeds.disable())

    @admin.action(description="Enable: give them jobs again", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Worker]) -> Asked:
        return confirmed(self, request, queryset, worker_deeds.enable())

    @admin.action(description="Drain: let them end what they have", permissions=["change"])
    def drain(self, request: HttpRequest, queryset: QuerySet[Worker]) -> Asked:
        return confirmed(self, request, queryset, worker_deeds.drain())

    @admin.action(description="Resume after draining", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Worker]) -> Asked:
        return confirmed(self, request, queryset, worker_deeds.resume())

    @admin.action(description="Delete: forget those that are gone", permissions=["change"])
    def delete_workers(self, request: HttpRequest, queryset: QuerySet[Worker]) -> Asked:
        return confirmed(self, request, queryset, worker_deeds.delete())
