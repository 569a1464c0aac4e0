"""How a job's form is laid out, and its filter for held jobs. `env` is shown nowhere: values there may be secret."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest

from jobs.models import Job

FOLDED = ("collapse",)
FIELDSETS: Any = (
    (
        None,
        {
            "fields": (
                *("name", "priority", ("state", "reason", "exit_code"), "error_message"),
                *("page", "command", ("user", "project"), ("needs", "worker")),
            )
        },
    ),
    (
        "What was asked for",
        {
            "classes": FOLDED,
            "fields": (
                *("workdir", "config", "tags", "exclusive", "timeout_seconds", "grace_seconds"),
                *("stop_signal", "retries", "retry_exit_codes", "retry_of", "array"),
                *("array_index", "submission_key"),
            ),
        },
    ),
    (
        "Times",
        {
            "classes": FOLDED,
            "fields": ("created_at", "queued_at", "not_before", "started_at", "finished_at"),
        },
    ),
    (
        "Lease, hold, cancelling",
        {
            "classes": FOLDED,
            "fields": (
                *("attempt", "lease_seconds", "lease_expires_at", "overdue_at", "held_at"),
                *("held_by", "cancel_requested_at", "cancel_requested_by", "prefers"),
                "prefers_until",
            ),
        },
    ),
)
ELSEWHERE = {
    *("id", "run", "requirement", "command_argv", "status"),  # in other words: page, needs, state
    "env",
}


class Held(admin.SimpleListFilter):
    title = "held"
    parameter_name = "held"

    def lookups(self, request: HttpRequest, model_admin: Any) -> tuple[tuple[str, str], ...]:
        return (("yes", "Yes"), ("no", "No"))

    def queryset(self, request: HttpRequest, queryset: QuerySet[Job]) -> QuerySet[Job]:
        chosen = self.value()
        if chosen not in ("yes", "no"):
            return queryset
        return queryset.filter(held_at__isnull=chosen == "no")
