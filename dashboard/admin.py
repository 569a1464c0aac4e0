"""What the pages keep for people, in Django's admin: to look things up. Pages make and change it, nobody here."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from django.contrib import admin

from dashboard.models import SavedView, Selection, Visit
from runs.admin_rights import ReadOnly


@admin.register(SavedView)
class SavedViewAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "page", "project", "owner", "visibility", "is_default", "changed_at")
    list_filter = ("page", "visibility", "is_default")
    search_fields = ("name", "owner", "project")


@admin.register(Selection)
class SelectionAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("key", "created_at")
    search_fields = ("=key",)


@admin.register(Visit)
class VisitAdmin(ReadOnly, admin.ModelAdmin):
    list_display = ("name", "since", "last")
    search_fields = ("name",)
