"""The trash and the rules of retention in Django's admin; they call what the API calls."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any, cast

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone

from runs import retention, trash
from runs.admin_rights import ReadOnly
from runs.errors import DomainError
from runs.measuring import human
from runs.models import Deletion, RetentionRule, Run
from runs.trash import Moved
from whirr_site.access.principals import Principal

REASONS = 10
HELP = {
    "project": "Empty: runs without a project.",
    "enabled": "Applied every hour.",
    "keep_last": "So many of the newest finished runs stay. Empty: none for that reason.",
    "keep_best": "So many of the best stay, by the metric. Empty: none for that reason.",
    "metric": "As the script logs it; a number of that name in the run's summary comes first.",
    "older_than_days": "Younger ones stay. Empty: none for that reason.",
    "protected_tags": "Runs with one of these tags stay.",
}


def _principal(request: HttpRequest) -> Principal:
    return cast("Principal", request.principal)  # type: ignore[attr-defined]


class Discarding:
    """A mixin for the admin of runs: to the trash, and back."""

    actions: Any = ("discard", "restore")

    @admin.action(description="Move to the trash")
    def discard(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        keys = list(chosen.values_list("key", flat=True))
        moved = trash.discard(keys, by=_principal(request), now=timezone.now())
        self._say(request, moved, "in the trash")

    @admin.action(description="Restore from the trash")
    def restore(self, request: HttpRequest, chosen: QuerySet[Run]) -> None:
        keys = list(chosen.values_list("key", flat=True))
        self._say(request, trash.restore(keys, by=_principal(request)), "restored")

    def _say(self, request: HttpRequest, moved: Moved, done: str) -> None:
        if moved.keys:
            messages.success(request, f"{len(moved.keys)} {done}.")
        for _, refused in moved.refused[:REASONS]:
            messages.warning(request, refused.detail)
        if len(moved.refused) > REASONS:
            messages.warning(request, f"and {len(moved.refused) - REASONS} more were refused")


class RuleForm(forms.ModelForm):
    def clean(self) -> dict[str, Any]:
        told = super().clean() or {}
        if not self.errors:
            try:
                retention.drafted(self.instance.project or told.get("project", ""), told)
            except DomainError as refused:
                raise forms.ValidationError(refused.detail) from refused
        return told


@admin.register(RetentionRule)
class RetentionRuleAdmin(admin.ModelAdmin):
    list_display = ("__str__", "enabled", "keep_last", "keep_best", "metric", "older_than_days")
    search_fields = ("project",)
    form = RuleForm
    fields = ("project", *retention.FIELDS)
    actions = ("apply", "rehearse")

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        return super().get_form(request, *args, **kwargs | {"help_texts": HELP})

    def get_readonly_fields(
        self, request: HttpRequest, obj: RetentionRule | None = None
    ) -> list[str]:
        return ["project"] if obj else []  # another project is another rule

    def save_model(self, request: HttpRequest, obj: RetentionRule, form: Any, change: bool) -> None:  # noqa: FBT001
        told = {name: getattr(obj, name) for name in retention.FIELDS}
        obj.pk = retention.put(obj.project, told).pk

    @admin.action(description="Say what it would move to the trash")
    def rehearse(self, request: HttpRequest, chosen: QuerySet[RetentionRule]) -> None:
        for one in chosen:
            verdict = retention.judge(one, now=timezone.now())
            freed = human(verdict.room().together)
            messages.info(request, f"{one}: {len(verdict.going)} runs would go, {freed}.")

    @admin.action(description="Apply now")
    def apply(self, request: HttpRequest, chosen: QuerySet[RetentionRule]) -> None:
        for one in chosen:
            gone = retention.apply(one, now=timezone.now())
            messages.success(request, f"{one}: {len(gone)} in the trash.")


@admin.register(Deletion)
class DeletionAdmin(ReadOnly, admin.ModelAdmin):
    """What was deleted for good, by whom, and what that freed."""

    list_display = ("run_key", "name", "project", "trashed_by", "deleted_by", "ended_at", "room")
    search_fields = ("run_key", "name", "project", "user")
    show_full_result_count = False

    @admin.display(description="freed")
    def room(self, deletion: Deletion) -> str:
        return human(deletion.freed)
