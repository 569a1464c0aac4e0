"""Conditions on the elements of a JSON list of texts, on both databases."""

from typing import Any

from django.db.models import BooleanField, F, Func, Q

from runs.query.patterns import FUNCTION, checked
from runs.query.syntax import Literal


class AnyElement(Func):
    """Whether an element of `column` fulfils a condition. Its SQL has {value} for the element."""

    output_field = BooleanField()

    def __init__(
        self, column: str, *, sqlite: str, postgres: str, given: Any, for_postgres: Any
    ) -> None:
        super().__init__(F(column))
        self.sql = {"sqlite": sqlite, "postgres": postgres}
        self.given = {"sqlite": given, "postgres": for_postgres}

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, before = compiler.compile(self.source_expressions[0])
        condition = self.sql["sqlite"]
        sql = f"EXISTS (SELECT 1 FROM json_each({column}) AS element WHERE {condition})"  # noqa: S608
        return sql, [*before, self.given["sqlite"]]

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        column, before = compiler.compile(self.source_expressions[0])
        condition = self.sql["postgres"]
        listed = f"CASE WHEN jsonb_typeof({column}) = 'array' THEN {column} ELSE '[]'::jsonb END"
        sql = (
            "EXISTS (SELECT 1 FROM jsonb_array_elements_text("  # noqa: S608
            f"{listed}) AS element(value) WHERE {condition})"
        )
        return sql, [*before, *before, self.given["postgres"]]

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.sql["sqlite"], self.given["sqlite"], repr(self.source_expressions))


def containing(column: str, text: str) -> AnyElement:
    """An element has this text somewhere, whatever its case."""
    like = "%" + text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
    return AnyElement(
        column,
        sqlite="element.value LIKE %s ESCAPE '\\'",
        postgres="UPPER(element.value) LIKE UPPER(%s)",
        given=like,
        for_postgres=like,
    )


def looking_like(column: str, literal: Literal) -> AnyElement:
    """An element looks like the pattern. Raises QueryError."""
    return AnyElement(
        column,
        sqlite=f"{FUNCTION}(%s, element.value)",
        postgres="element.value ~ %s",
        given=literal.text,
        for_postgres=checked(literal),
    )


def condition(column: str, sign: str, value: Literal) -> Any:
    """`tag:baseline`, `tag~"base.*"`; None for a sign that means nothing here."""
    if sign == "~":
        return Q(looking_like(column, value))
    return Q(**{f"{column}__has": value.text}) if sign in (":", "=") else None


def some(column: str) -> Any:
    """It has at least one."""
    return ~Q(**{column: []})
