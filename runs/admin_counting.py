"""Lists of the admin over tables of any size: opening one must not read all of it."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any, cast

from django.contrib import admin
from django.core.paginator import Paginator
from django.db import connection
from django.db.models import Model, QuerySet
from django.http import HttpRequest
from django.utils.functional import cached_property

COUNTED = 10_000  # rows; beyond, PostgreSQL's own estimate or "more than"
LATELY = 10_000  # rows whose names a filter offers
NAMES = 100  # that a filter offers


class About(int):
    """A number that says on the page that nobody counted."""

    words: str

    def __new__(cls, number: int, words: str) -> "About":
        made = super().__new__(cls, number)
        made.words = words
        return made

    def __str__(self) -> str:
        return self.words

    __repr__ = __str__


class EstimatingPaginator(Paginator):
    """Counts a few thousand rows, never a million."""

    @cached_property
    def count(self) -> int:
        rows = cast("QuerySet[Any]", self.object_list).order_by()
        seen = int(rows.values_list("pk")[: COUNTED + 1].count())
        if seen <= COUNTED:
            return seen
        guess = 0 if rows.query.has_filters() else _rows_told(rows.model)
        if guess > COUNTED:
            return About(guess, f"about {guess:,}")
        return About(COUNTED, f"more than {COUNTED:,}")


def _rows_told(model: type[Model]) -> int:
    """What PostgreSQL's last look at the table found; 0 elsewhere, and where it never looked."""
    if connection.vendor != "postgresql":
        return 0
    with connection.cursor() as cursor:
        table = connection.ops.quote_name(model._meta.db_table)
        cursor.execute("SELECT reltuples FROM pg_class WHERE oid = %s::regclass", [table])
        found = cursor.fetchone()
    return int(found[0]) if found else 0


class Large:
    """A mixin for the admin of a table that grows."""

    paginator: Any = EstimatingPaginator
    show_full_result_count = False
    show_facets = admin.ShowFacets.NEVER  # each of them counts the table


class Lately(admin.SimpleListFilter):
    """Filters by names that the newest rows have: those of all rows would take a look at all of them."""

    column: str

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        rows = model_admin.model._default_manager.order_by()
        newest = rows.order_by("-pk").values("pk")[:LATELY]
        found = rows.filter(pk__in=newest).order_by(self.column)
        names = list(found.values_list(self.column, flat=True).distinct()[:NAMES])
        chosen = self.value()
        if chosen and chosen not in names:
            names.insert(0, chosen)
        return [(name, name or "(none)") for name in names]

    def queryset(self, request: HttpRequest, queryset: QuerySet) -> QuerySet:
        chosen = self.value()
        return queryset if chosen is None else queryset.filter(**{self.column: chosen})


def lately(column: str, title: str = "") -> type[Lately]:
    """The filter for a column of text."""
    told = {"column": column, "parameter_name": column, "title": title or column}
    return type(f"Lately_{column}", (Lately,), told)
