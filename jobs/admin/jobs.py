"""Jobs: searched, cancelled, held, retried."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from jobs.admin import job_deeds
from jobs.changing import set_priority
from jobs.explaining import AT_REST
from jobs.models import Attempt, Dependency, Job, JobEvent
from runs.admin_confirming import Asked, confirmed
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


class DependencyInline(ReadOnly, admin.TabularInline):
    model = Dependency
    fk_name = "job"
    extra = 0
    fields = ("on", "kind")
    ordering = ("on_id",)
    verbose_name_plural = "Waits for"


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
    actions = (
        *("cancel_jobs", "retry_jobs", "requeue_jobs"),
        *("hold_jobs", "release_jobs", "prioritise_jobs"),
    )
    inlines = (AttemptInline, DependencyInline, JobEventInline)
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
        if obj is not None and obj.status not in AT_REST:
            hidden.discard("priority")  # it is for jobs that do not run yet
        return [*(field.name for field in Job._meta.fields if field.name not in hidden), "page"]

    def save_model(self, request: HttpRequest, obj: Job, form: Any, change: bool) -> None:  # noqa: FBT001
        """What was edited and nothing else: the rest of this row may have moved on since it was read."""
        if "name" in form.changed_data:
            obj.save(update_fields=["name"])
        if "priority" in form.changed_data:
            who, now = request.user.get_username(), timezone.now()
            try:
                set_priority(obj.pk, obj.priority, actor=who, now=now)
            except DomainError as refused:
                self.message_user(request, refused.detail, messages.WARNING)

    @admin.action(description="Cancel", permissions=["change"])
    def cancel_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.cancel())

    @admin.action(description="Retry: queue new jobs that do the same", permissions=["change"])
    def retry_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.retry())

    @admin.action(description="Requeue: stop, and queue once more", permissions=["change"])
    def requeue_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.requeue())

    @admin.action(description="Hold: do not let them start", permissions=["change"])
    def hold_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.hold())

    @admin.action(description="Release what is held", permissions=["change"])
    def release_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.release())

    @admin.action(description="Change the priority", permissions=["change"])
    def prioritise_jobs(self, request: HttpRequest, queryset: QuerySet[Job]) -> Asked:
        return confirmed(self, request, queryset, job_deeds.prioritise())
