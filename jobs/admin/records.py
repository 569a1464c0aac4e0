"""What is only looked at: attempts, events, arrays, needs, loads."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from django.contrib import admin
from django.utils.safestring import SafeString

from jobs.models import (
    Array,
    Attempt,
    Dependency,
    JobEvent,
    LoadSample,
    Pulse,
    Requirement,
    WorkerEvent,
)
from runs import admin_badges
from runs.admin_counting import lately
from runs.admin_rights import ReadOnly


@admin.register(Attempt)
class AttemptAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("job", "number", "state", "reason", "worker_name", "started_at", "finished_at")
    list_filter = ("status", "reason", lately("worker_name", "worker"))
    list_select_related = ("job",)
    search_fields = ("=job__id", "worker_name", "error_message")

    @admin.display(description="status", ordering="status")
    def state(self, attempt: Attempt) -> SafeString:
        return admin_badges.state(attempt.status)


@admin.register(JobEvent)
class JobEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "job", "attempt", "kind", "reason", "message", "actor", "address")
    list_filter = ("kind", "reason")
    list_select_related = ("job",)
    search_fields = ("=job__id", "actor", "=address", "message")


@admin.register(Array)
class ArrayAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "spec", "max_active", "user", "created_at")
    list_filter = (lately("user"),)
    search_fields = ("=id", "user", "spec")


@admin.register(Dependency)
class DependencyAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("job", "kind", "on")
    list_filter = ("kind",)
    list_select_related = ("job", "on")
    search_fields = ("=job__id", "=on__id")


@admin.register(WorkerEvent)
class WorkerEventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("at", "worker_name", "kind", "message", "actor", "address")
    list_filter = ("kind",)
    search_fields = ("worker_name", "actor", "=address", "message")


@admin.register(LoadSample)
class LoadSampleAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("worker", "minute")
    list_filter = ("worker",)
    list_select_related = ("worker",)


@admin.register(Requirement)
class RequirementAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "gpus", "min_memory_mb", "tags")


@admin.register(Pulse)
class PulseAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("__str__", "at")
