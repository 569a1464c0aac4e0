"""What users and projects may have at a time, and what they had lately."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any

from django.contrib import admin
from django.db.models import PositiveIntegerField, QuerySet
from django.http import HttpRequest

from jobs import setting_quotas
from jobs.models import Quota, Usage
from jobs.phrases import gpu_time
from runs.admin_rights import ReadOnly

HELP = {
    "scope": "Whose jobs are counted: those of a user, or those of a project.",
    "name": "The user or project. Empty: each one that has no quota of its own.",
    "running_gpus": "GPUs that its running jobs may hold at a time. Empty: no limit.",
    "running_jobs": "Jobs that may run at a time. Empty: no limit.",
    "queued_jobs": "Jobs that may be queued or wait at a time; more are refused. Empty: no limit.",
}


@admin.register(Quota)
class QuotaAdmin(admin.ModelAdmin):
    list_display = ("__str__", "running_gpus", "running_jobs", "queued_jobs")
    list_filter = ("scope",)
    search_fields = ("name",)
    fields = ("scope", "name", "running_gpus", "running_jobs", "queued_jobs")
    formfield_overrides = {PositiveIntegerField: {"max_value": 2**31 - 1}}

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().get_form(request, *args, **kwargs | {"help_texts": HELP})

    def get_readonly_fields(self, request: HttpRequest, obj: Quota | None = None) -> list[str]:
        return ["scope", "name"] if obj else []  # another account is another quota

    def save_model(self, request: HttpRequest, obj: Quota, form: Any, change: bool) -> None:  # noqa: FBT001
        limits = {each: getattr(obj, each) for each in setting_quotas.LIMITS}
        obj.pk = setting_quotas.put(obj.scope, obj.name, limits).pk

    def delete_model(self, request: HttpRequest, obj: Quota) -> None:
        setting_quotas.delete(obj.scope, obj.name)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Quota]) -> None:
        for quota in queryset:
            setting_quotas.delete(quota.scope, quota.name)


@admin.register(Usage)
class UsageAdmin(ReadOnly, admin.ModelAdmin):
    """Decayed to the time `at`: fair share reads it."""

    list_display = ("scope", "name", "used", "at")
    list_filter = ("scope",)
    search_fields = ("name",)
    ordering = ("-gpu_seconds",)

    @admin.display(description="used", ordering="gpu_seconds")
    def used(self, usage: Usage) -> str:
        return gpu_time(usage.gpu_seconds)
