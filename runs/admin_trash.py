"""The trash and the rules of retention in Django's admin; they call what the API calls."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any, cast

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone

from runs import measuring, retention, trash
from runs.admin_confirming import Asked, Deed, Line, Outcome, Plan, Told, confirmed
from runs.admin_rights import ReadOnly
from runs.errors import DomainError
from runs.measuring import human
from runs.models import Deletion, RetentionRule, Run
from runs.trash import Moved
from whirr_site.access.principals import Principal

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
    def discard(self: Any, request: HttpRequest, chosen: QuerySet[Run]) -> Asked:
        return confirmed(self, request, chosen, _discarding(_principal(request)))

    @admin.action(description="Restore from the trash")
    def restore(self: Any, request: HttpRequest, chosen: QuerySet[Run]) -> Asked:
        return confirmed(self, request, chosen, _restoring(_principal(request)))


def _discarding(by: Principal) -> Deed:
    now = timezone.now()

    def foresee(runs: list[Run]) -> Plan:
        rehearsed = trash.discard([run.key for run in runs], by=by, now=now, rehearse=True)
        why_not = {key: refused.detail for key, refused in rehearsed.refused}
        there = {run.key: "is in the trash already" for run in runs if run.trashed_at}
        going = [run for run in runs if run.key not in {**why_not, **there}]
        sentences = []
        if going:
            days = settings.WHIRR_TRASH_GRACE.days
            freed = human(measuring.measure(going).together)
            sentences = [
                f"hides them from every list; deletes them for good after {days} d, unless restored",
                f"frees {freed} then",
            ]
        return Plan(sentences, [_line(run, {**why_not, **there}) for run in runs])

    def do(request: HttpRequest, runs: list[Run], told: Told) -> Outcome:
        return _outcome(trash.discard([run.key for run in runs], by=by, now=now))

    return Deed("Move to the trash:", "in the trash", foresee, do)


def _restoring(by: Principal) -> Deed:
    def foresee(runs: list[Run]) -> Plan:
        staying = {run.key: "is not in the trash" for run in runs if not run.trashed_at}
        going = len(runs) - len(staying)
        sentences = ["they are in the lists again"] if going else []
        return Plan(sentences, [_line(run, staying) for run in runs])

    def do(request: HttpRequest, runs: list[Run], told: Told) -> Outcome:
        return _outcome(trash.restore([run.key for run in runs], by=by))

    return Deed("Restore", "restored", foresee, do)


def _outcome(moved: Moved) -> Outcome:
    return Outcome(len(moved.keys), [refused.detail for _, refused in moved.refused])


def _line(run: Run, refusals: dict[str, str]) -> Line:
    about = f"{run.name or 'no name'}, {run.status}, of {run.user or 'nobody'}"
    refusal = refusals.get(run.key, "").removeprefix(f"{run.key} ")
    return Line(run.key, reverse("admin:runs_run_change", args=[run.pk]), about, refusal)


def _applying() -> Deed:
    now = timezone.now()

    def foresee(rules: list[RetentionRule]) -> Plan:
        lines = []
        for rule in rules:
            verdict = retention.judge(rule, now=now)
            freed = human(verdict.room().together)
            about = f"moves {len(verdict.going)} runs to the trash, {freed}"
            where = reverse("admin:runs_retentionrule_change", args=[rule.pk])
            lines.append(Line(str(rule), where, about))
        return Plan([], lines)

    def do(request: HttpRequest, rules: list[RetentionRule], told: Told) -> Outcome:
        for rule in rules:
            gone = retention.apply(rule, now=timezone.now())
            messages.info(request, f"{rule}: {len(gone)} in the trash.")
        return Outcome(len(rules))

    return Deed("Apply", "applied", foresee, do)


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

    @admin.action(description="Say what it would move to the trash", permissions=["change"])
    def rehearse(self, request: HttpRequest, chosen: QuerySet[RetentionRule]) -> None:
        for one in chosen:
            verdict = retention.judge(one, now=timezone.now())
            freed = human(verdict.room().together)
            messages.info(request, f"{one}: {len(verdict.going)} runs would go, {freed}.")

    @admin.action(description="Apply now", permissions=["change"])
    def apply(self, request: HttpRequest, chosen: QuerySet[RetentionRule]) -> Asked:
        return confirmed(self, request, chosen, _applying())


@admin.register(Deletion)
class DeletionAdmin(ReadOnly, admin.ModelAdmin):
    """What was deleted for good, by whom, and what that freed."""

    list_display = ("run_key", "name", "project", "trashed_by", "deleted_by", "ended_at", "room")
    search_fields = ("run_key", "name", "project", "user")

    @admin.display(description="freed")
    def room(self, deletion: Deletion) -> str:
        return human(deletion.freed)
