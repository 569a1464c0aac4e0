"""Actions of the admin, asked about before they are done: what would happen, to whom, and what would be refused."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse

from runs.errors import DomainError

MOST = 1000  # rows of one action: they are done one by one, in one request
SHOWN = 50  # rows of the page, and of its refusals
REASONS = 10  # refusals in messages
CHOSEN = re.compile(rf"[0-9]{{1,18}}(,[0-9]{{1,18}}){{0,{MOST - 1}}}\Z")
Told = Mapping[str, Any]
Asked: TypeAlias = HttpResponse | None


@dataclass(frozen=True, slots=True)
class Line:
    """A row that an action concerns: `about` says how it stands, `refusal` why it would stay as it is."""

    name: str
    address: str
    about: str = ""
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What would happen: sentences, and each row."""

    sentences: list[str]
    lines: list[Line]


@dataclass(slots=True)
class Outcome:
    """How many rows are now what was wished, and why the others are not."""

    done: int = 0
    refused: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Deed:
    """An action: what it would do to rows, and doing it. Both get what the form says, if it has one."""

    title: str  # "Cancel"
    done: str  # "cancelled"
    foresee: Callable[[list[Any]], Plan]  # a line for each row, in their order
    do: Callable[[HttpRequest, list[Any], Told], Outcome]
    form: type[forms.Form] | None = None


def confirmed(
    page: admin.ModelAdmin, request: HttpRequest, chosen: QuerySet[Any], deed: Deed
) -> Asked:
    """The page that asks; or, where that was answered, the deed itself, and nothing but messages."""
    answered = "confirmed" in request.POST
    keys = _as_asked(request.POST.get("chosen", "")) if answered else _of(chosen)
    if not keys or len(keys) > MOST:
        messages.error(request, _not_understood(len(keys), page))
        return None
    rows = list(_rows(page, request).filter(pk__in=keys))
    plan = deed.foresee(rows)
    form = deed.form(request.POST if answered else None) if deed.form else None
    if answered and (form is None or form.is_valid()):
        going = [row for row, line in zip(rows, plan.lines, strict=True) if not line.refusal]
        outcome = deed.do(request, going, form.cleaned_data if form else {})
        staying = [line for line in plan.lines if line.refusal]
        outcome.refused += [f"{line.name} {line.refusal}" for line in staying]
        _say(request, outcome, deed.done)
        return None
    context = _context(page, request, deed, plan) | {"form": form} | _named(rows)
    return TemplateResponse(request, "admin/confirm.html", context)


def each_of(keys: Sequence[Any], deed: Callable[[Any], object]) -> Outcome:
    """Do the deed to each. What the domain refuses is noted."""
    outcome = Outcome()
    for key in keys:
        try:
            deed(key)
        except DomainError as refused:
            outcome.refused.append(refused.detail)
        else:
            outcome.done += 1
    return outcome


def _rows(page: admin.ModelAdmin, request: HttpRequest) -> QuerySet[Any]:
    related = page.list_select_related
    rows: QuerySet[Any] = page.get_queryset(request)
    return rows if isinstance(related, bool) else rows.select_related(*related)


def _named(rows: Sequence[Model]) -> dict[str, Any]:
    """How the answer says what the page showed. Django's admin wants one row in its own field."""
    keys = [str(row.pk) for row in rows]
    return {
        "checkbox": ACTION_CHECKBOX_NAME,
        "first": keys[0] if keys else "0",
        "chosen": ",".join(keys),
    }


def _of(chosen: QuerySet[Any]) -> list[int]:
    """Their keys, and one more where they are too many."""
    return list(chosen.order_by("pk").values_list("pk", flat=True)[: MOST + 1])


def _as_asked(text: str) -> list[int]:
    """The keys that the page showed: rows that came into the filter since are not meant."""
    return [int(each) for each in text.split(",")] if CHOSEN.match(text) else []


def _not_understood(count: int, page: admin.ModelAdmin) -> str:
    if count:
        return f"These are more than {MOST:,} {page.opts.verbose_name_plural}: narrow the filter, and do it in parts."
    return "Nothing was done: the form does not say to what. Choose rows, and confirm."


def _context(
    page: admin.ModelAdmin, request: HttpRequest, deed: Deed, plan: Plan
) -> dict[str, Any]:
    going = [line for line in plan.lines if not line.refusal]
    staying = [line for line in plan.lines if line.refusal]
    one, many = page.opts.verbose_name, page.opts.verbose_name_plural
    noun = one if len(going) == 1 else many
    return page.admin_site.each_context(request) | {
        "title": f"{deed.title} {len(going)} {noun}?",
        "button": f"{deed.title} {len(going)} {noun}",
        "opts": page.opts,
        "plan": plan,
        "parts": [
            ("Concerned", going[:SHOWN], len(going) - SHOWN),
            ("Stay as they are", staying[:SHOWN], len(staying) - SHOWN),
        ],
        "possible": bool(going),
        "action": request.POST.get("action", ""),
        "back": request.get_full_path(),
    }


def _say(request: HttpRequest, outcome: Outcome, done: str) -> None:
    if outcome.done:
        messages.success(request, f"{outcome.done} {done}.")
    for reason in outcome.refused[:REASONS]:
        messages.warning(request, reason)
    if len(outcome.refused) > REASONS:
        messages.warning(request, f"and {len(outcome.refused) - REASONS} more were refused")
