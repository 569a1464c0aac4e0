"""One deed, done to each selected row."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from collections.abc import Callable, Sequence
from typing import Any

from django.contrib import admin, messages
from django.http import HttpRequest

from runs.errors import DomainError


def each_of(
    page: admin.ModelAdmin,
    request: HttpRequest,
    keys: Sequence[Any],
    deed: Callable[[Any], object],
    done: str,
) -> None:
    """Do the deed to each; say how many it was done to, and why not to the others."""
    refusals = []
    for key in keys:
        try:
            deed(key)
        except DomainError as refused:
            refusals.append(refused.detail)
    if len(keys) > len(refusals):
        page.message_user(request, f"{len(keys) - len(refusals)} {done}.", messages.SUCCESS)
    for refusal in refusals[:10]:
        page.message_user(request, refusal, messages.WARNING)
    if len(refusals) > 10:
        page.message_user(request, f"and {len(refusals) - 10} more were refused", messages.WARNING)
