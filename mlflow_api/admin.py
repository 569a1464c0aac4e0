"""What MLflow clients told, in Django's admin: to look things up."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from mlflow_api.models import Experiment, ExperimentTag, LoggedModel, Param, RunTag, TrackedRun
from runs.admin_rights import ReadOnly


@admin.register(Experiment)
class ExperimentAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("id", "project", "created_at", "deleted_at")
    search_fields = ("project",)


@admin.register(ExperimentTag)
class ExperimentTagAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("experiment", "key", "value")
    list_select_related = ("experiment",)
    search_fields = ("key",)


@admin.register(TrackedRun)
class TrackedRunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "made_here")
    list_select_related = ("run",)
    search_fields = ("run__key",)


@admin.register(Param, RunTag)
class OfARunAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "key", "value")
    list_select_related = ("run",)
    search_fields = ("run__key", "key")


@admin.register(LoggedModel)
class LoggedModelAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("model_id", "name", "run", "status", "created_at", "deleted_at")
    list_select_related = ("run",)
    search_fields = ("model_id", "name", "run__key")
