"""Jobs: searched, cancelled, held, retried."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

import shlex
from typing import Any, ClassVar

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import Truncator

from jobs.admin import job_deeds
from jobs.admin.inlines import AttemptInline, DependencyInline, JobEventInline
from jobs.admin.job_fields import FIELDSETS, Held
from jobs.changing import set_priority
from jobs.explaining import AT_REST
from jobs.models import Job
from jobs.states import JobStatus
from runs import admin_badges
from runs.admin_confirming import Asked, confirmed
from runs.admin_counting import Large, lately
from runs.errors import DomainError

NAME = 40  # characters of a name in the list


@admin.register(Job)
class JobAdmin(Large, admin.ModelAdmin):
    """What may be changed by hand is what a person may wish for; everything else is read-only."""

    list_display = (
        *("id", "state", "label", "reason", "user", "needs", "worker", "submitted"),
        "page",
    )
    list_filter = (
        *("status", Held, "reason", "worker", lately("user"), lately("project")),
        "created_at",
    )
    list_select_related = ("run", "worker", "requirement")
    search_fields = ("=id", "name", "command_argv", "user", "run__key")
    search_help_text = "Number, name, command, user"
    list_per_page = 50
    actions = (
        *("cancel_jobs", "retry_jobs", "requeue_jobs"),
        *("hold_jobs", "release_jobs", "prioritise_jobs"),
    )
    inlines = (AttemptInline, JobEventInline, DependencyInline)
    fieldsets = FIELDSETS
    editable: ClassVar = {"name", "priority"}
    shown = ("state", "page", "needs", "command")

    @admin.display(description="status", ordering="status")
    def state(self, job: Job) -> SafeString:
        if job.status == JobStatus.RUNNING and job.cancel_requested:
            return admin_badges.state("cancelling")
        held = job.is_held and job.status in AT_REST
        return admin_badges.state("held" if held else job.status)

    @admin.display(description="name", ordering="name")
    def label(self, job: Job) -> str:
        return Truncator(job.name or job.run.key).chars(NAME)

    @admin.display(description="submitted (UTC)", ordering="created_at")
    def submitted(self, job: Job) -> str:
        return admin_badges.minute(job.created_at)

    @admin.display(description="command")
    def command(self, job: Job) -> SafeString:
        return format_html("<code>{}</code>", shlex.join(map(str, job.command_argv)))

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
        hidden = set(self.editable)
        if obj is not None and obj.status not in AT_REST:
            hidden.discard("priority")  # it is for jobs that do not run yet
        return [
            *(field.name for field in Job._meta.fields if field.name not in hidden),
            *self.shown,
        ]

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
