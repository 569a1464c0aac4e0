"""What stands below a job: its attempts, its events, and what it waits for."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.models import Attempt, Dependency, JobEvent
from runs import admin_badges
from runs.admin_rights import ReadOnly


class AttemptInline(ReadOnly, admin.TabularInline):
    model = Attempt
    extra = 0
    fields = (
        *("number", "state", "reason", "worker_name", "gpus", "exit_code", "signal"),
        *("started_at", "finished_at", "error_message"),
    )
    readonly_fields = ("state",)
    ordering = ("number",)

    @admin.display(description="status")
    def state(self, attempt: Attempt) -> SafeString:
        return admin_badges.state(attempt.status)


class JobEventInline(ReadOnly, admin.TabularInline):
    model = JobEvent
    extra = 0
    fields = ("at", "kind", "attempt", "reason", "message", "actor", "address")
    ordering = ("id",)
    verbose_name_plural = "Events"


class DependencyInline(ReadOnly, admin.TabularInline):
    model = Dependency
    fk_name = "job"
    extra = 0
    fields = ("on", "kind")
    ordering = ("on_id",)
    verbose_name_plural = "Waits for"
