"""The record in Django's admin: to look things up, not to rewrite them."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.safestring import SafeString

from runs import admin_badges
from runs.admin_counting import lately
from runs.admin_rights import ReadOnly
from runs.admin_trash import Discarding
from runs.models import Artifact, Chunk, Event, Overview, Run, Series, Stream


class SeriesInline(ReadOnly, admin.TabularInline):
    model = Series
    extra = 0
    fields = ("key", "attempt", "writer", "count", "last", "minimum", "maximum", "nan_count")
    ordering = ("attempt", "key")


class ArtifactInline(ReadOnly, admin.TabularInline):
    model = Artifact
    extra = 0
    fields = ("path", "attempt", "size", "received", "modified_at")


IN_TRASH = ("trashed_at", admin.EmptyFieldListFilter)


@admin.register(Run)
class RunAdmin(Discarding, ReadOnly, admin.ModelAdmin):
    list_display = ("key", "name", "state", "kind", "user", "project", "began", "page")
    list_filter = (
        *("status", "kind", IN_TRASH, lately("user"), lately("project")),
        "created_at",
    )
    search_fields = ("key", "name", "user", "hostname")
    inlines = (SeriesInline, ArtifactInline)

    @admin.display(description="status", ordering="status")
    def state(self, run: Run) -> SafeString:
        return admin_badges.state(run.status)

    @admin.display(description="created (UTC)", ordering="created_at")
    def began(self, run: Run) -> str:
        return admin_badges.minute(run.created_at)

    @admin.display(description="page")
    def page(self, run: Run) -> SafeString:
        return format_html('<a href="/runs/{}/">open</a>', run.key)


@admin.register(Series)
class SeriesAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "attempt", "writer", "key", "count", "last", "minimum", "maximum")
    list_select_related = ("run",)
    search_fields = ("key", "run__key", "run__name")


@admin.register(Chunk)
class ChunkAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("series", "tier", "start", "count")
    list_select_related = ("series",)
    fields = ("series", "tier", "start", "count")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("steps", "values", "times")


@admin.register(Overview)
class OverviewAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("series", "level", "start", "count")
    list_select_related = ("series",)
    fields = ("series", "level", "start", "count")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).defer("data")


@admin.register(Event)
class EventAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "attempt", "writer", "kind", "level", "key", "step")
    list_filter = ("kind", "level")
    list_select_related = ("run",)
    search_fields = ("key", "run__key", "run__name")


@admin.register(Stream)
class StreamAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("run", "attempt", "name", "indexed", "lines", "bad_lines")
    list_filter = ("name",)
    list_select_related = ("run",)
    search_fields = ("run__key",)


@admin.register(Artifact)
class ArtifactAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("path", "run", "attempt", "size", "received", "modified_at")
    list_select_related = ("run",)
    search_fields = ("path", "run__key", "run__name")
