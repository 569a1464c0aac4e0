"""What the admin may not do: most rows are written by the domain alone."""

from typing import Any

from django.db.models import Model
from django.http import HttpRequest

from runs.admin_counting import Large


class ReadOnly(Large):
    """A mixin for admin classes and inlines: nothing is added, changed or deleted here."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False
