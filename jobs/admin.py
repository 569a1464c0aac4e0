"""The queue in Django's admin. States are read-only: actions call the domain functions, and so does every page."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs import workers
from jobs.cancelling import cancel
from jobs.models import Attempt, Job, JobEvent, Pulse, Requirement, Worker
from jobs.states import AttemptStatus
from runs.admin_rights import ReadOnly
from runs.errors import DomainError


class AttemptInline(ReadOnly, admin.TabularInline):
    model = Attempt
    extra = 0
    fields = (
        "number",
        "status",
        "reason",
        "worker_name",
        "gpus",
        "exit_code",
        "signal",
        "started_at",
        "finished_at",
        "error_message",
    )
    ordering = ("number",)


class JobEventInline(ReadOnly, admin.TabularInline):
    model = JobEvent
    extra = 0
    fields = ("at", "kind", "attempt", "reason", "message", "actor")
    ordering = ("id",)


@admin.register(Job)
class JobAdmin(admin.ModelAdmin):
    """What may be changed by hand is what a person may wish for; everything else is read-only."""

    list_display = (
        "id",
        "label",
        "status",
        "reason",
        "user",
        "needs",
        "worker",
        "created_at",
        "page",
    )
    list_filter = ("status", "reason", "worker", "user", "project")
    list_select_related = ("run", "worker", "requirement")
    search_fields = ("=id", "name", "command_argv", "user", "run__key")
    search_help_text = "Number, name, command, user"
    date_hierarchy = "created_at"
    list_per_page = 50
    show_full_result_count = False
    actions = ("cancel_jobs",)
    inlines = (AttemptInline, JobEventInline)
    editable: ClassVar = {"name", "priority"}
    exclude = ("env",)  # values there may be secret

    @admin.display(description="name", ordering="name")
    def label(self, job: Job) -> str:
        return job.name or job.run.key

    @admin.display(description="needs")
    def needs(self, job: Job) -> str:
        return str(job.requirement)

    @admin.display(description="run")
    def page(self, job: Job) -> SafeString:
        return format_html('<a href="{}">{}</a>', reverse("run", args=[job.run.key]), job.run.key)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # a job is submitted: on the page, with the command line, or through the API

    def has_delete_permission(self, request: HttpRequest, obj: Job | None = None) -> bool:
        return False  # its run and its events are the record

    def get_readonly_fields(self, request: HttpRequest, obj: Job | None = None) -> list[str]:
        hidden = {*self.editable, *self.exclude}
        return [*(field.name for field in Job._meta.fields if field.name not in hidden), "page"]

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:  # noqa: FBT001
        """What was edited and nothing else: the rest of this row may have moved on since it was read."""
        if form.changed_data:
            obj.save(update_fields=form.changed_data)

    @admin.action(description="Cancel the selected jobs", permissions=["change"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> None:
        now, who = timezone.now(), request.user.get_username()
        keys = list(queryset.order_by("pk").values_list("pk", flat=True))
        each_of(self, request, keys, lambda pk: cancel(pk, actor=who, now=now), "cancelled")


def each_of(
    page: admin.ModelAdmin,
    request: HttpRequest,
    keys: Sequence[Any],
    deed: Callable[[Any], object],
    done: str,
) -> None:
    """Do the deed to each; say how many it was done to, and why not to the others."""
    refusals = []
    for key in keys:
        try:
            deed(key)
        except DomainError as refused:
            refusals.append(refused.detail)
    if len(keys) > len(refusals):
        page.message_user(request, f"{len(keys) - len(refusals)} {done}.", messages.SUCCESS)
    for refusal in refusals[:10]:
        page.message_user(request, refusal, messages.WARNING)
    if len(refusals) > 10:
        page.message_user(request, f"and {len(refusals) - 10} more were refused", messages.WARNING)


@admin.register(Worker)
class WorkerAdmin(admin.ModelAdmin):
    list_display = ("worker_id", "state", "hostname", "cards", "version", "heartbeat_at")
    list_filter = ("online", "disabled", "draining", "version")
    search_fields = ("worker_id", "hostname")
    actions = ("disable", "enable", "drain", "resume")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Worker]:
        running = Count("attempts", filter=Q(attempts__status=AttemptStatus.RUNNING))
        known: QuerySet[Worker] = super().get_queryset(request)
        return known.annotate(running=running)

    def get_readonly_fields(self, request: HttpRequest, obj: Worker | None = None) -> list[str]:
        return [field.name for field in Worker._meta.fields]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False  # its agent makes it known

    def has_delete_permission(self, request: HttpRequest, obj: Worker | None = None) -> bool:
        return False  # its running attempts would have nobody to be cancelled through

    def save_model(self, request: HttpRequest, obj: Worker, form: Any, change: bool) -> None:  # noqa: FBT001
        """Nothing can be edited here, and a whole row written back would undo its agent's last word."""

    @admin.display(description="state")
    def state(self, worker: Worker) -> str:
        busy = bool(getattr(worker, "running", 0))
        return str(worker.status(now=timezone.now(), busy=busy))

    @admin.display(description="GPUs")
    def cards(self, worker: Worker) -> str:
        names = [str(gpu.get("name", "GPU")) for gpu in worker.gpus if isinstance(gpu, dict)]
        return ", ".join(f"{names.count(name)} x {name}" for name in dict.fromkeys(names)) or "none"

    @admin.action(description="Disable: give them no jobs", permissions=["change"])
    def disable(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._set(request, queryset, workers.set_disabled, "disabled", value=True)

    @admin.action(description="Enable: give them jobs again", permissions=["change"])
    def enable(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._set(request, queryset, workers.set_disabled, "enabled", value=False)

    @admin.action(description="Drain: let them end what they have", permissions=["change"])
    def drain(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._set(request, queryset, workers.set_draining, "draining", value=True)

    @admin.action(description="Resume after draining", permissions=["change"])
    def resume(self, request: HttpRequest, queryset: QuerySet[Worker]) -> None:
        self._set(request, queryset, workers.set_draining, "resumed", value=False)

    def _set(
        self,
        request: HttpRequest,
        queryset: QuerySet[Worker],
        deed: Callable[..., None],
        done: str,
        *,
        value: bool,
    ) -> None:
        now, who = timezone.now(), request.user.get_username()
        names = list(queryset.values_list("worker_id", flat=True))
        each_of(self, request, names, lambda name: deed(name, value, actor=who, now=now), done)


@admin.register(Attempt)
class AttemptAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("job", "number", "status", "reason", "worker_name", "started_at", "finished_at")
    list_filter = ("status", "reason", "worker_name")
    list_select_related = ("job",)
    search_fields = ("=job__id", "worker_name", "error_message")
    show_full_result_count = False


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "job", "attempt", "kind", "reason", "message", "actor")
    list_filter = ("kind", "reason")
    list_select_related = ("job",)
    search_fields = ("=job__id", "actor", "message")
    show_full_result_count = False


@admin.register(Requirement)
class RequirementAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "gpus", "min_memory_mb", "tags")


@admin.register(Pulse)
class PulseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "at")
