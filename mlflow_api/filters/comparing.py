"""Comparisons that Django has no word for. Texts of a filter are parameters, never parts of a statement."""

from typing import Any

from django.db.models import BooleanField, F, Func, TextField, Value
from django.db.models.expressions import Combinable

from mlflow_api.refusals import invalid

LONGEST = 1000  # characters of a pattern


class Like(Func):
    """SQL's LIKE, in which case counts: % is any text, _ any character, and nothing is escaped."""

    arity = 2
    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # LIKE of SQLite is blind to case; GLOB is not, and has other wildcards.
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" GLOB ")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(expressions)s ESCAPE '')"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" LIKE ")


class LikeWhateverCase(Func):
    """The same, blind to case: on SQLite to that of ASCII letters."""

    arity = 2
    output_field = BooleanField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", arg_joiner=" LIKE ")

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        template = "(%(expressions)s ESCAPE '')"
        return self.as_sql(compiler, connection, template=template, arg_joiner=" ILIKE ")


class OfConfig(Func):
    """The entry of a JSON object under a key, as text: True and False as Python writes them, NULL where it is none."""

    arity = 2
    output_field = TextField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        # Not `->>`: that would read some keys as a path.
        template = (
            "(SELECT CASE entry.type WHEN 'true' THEN 'True' WHEN 'false' THEN 'False' "
            "ELSE CAST(entry.value AS TEXT) END FROM json_each(%(expressions)s))"
        )
        return self.as_sql(
            compiler, connection, template=template, arg_joiner=") AS entry WHERE entry.key = ("
        )

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        told, parameters = self.as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" ->> "
        )
        plain, again = self.as_sql(
            compiler, connection, template="(%(expressions)s)", arg_joiner=" -> "
        )
        sql = f"(CASE {plain} WHEN 'true'::jsonb THEN 'True' WHEN 'false'::jsonb THEN 'False' ELSE {told} END)"
        return sql, (*again, *parameters)


def like(field: str, pattern: str, *, whatever_case: bool, vendor: str) -> Combinable:
    """A condition: the field looks like the pattern. Raises Refusal for one that is too long."""
    if len(pattern) > LONGEST:
        raise invalid(f"A pattern has at most {LONGEST} characters, not {len(pattern)}.")
    if whatever_case:
        return LikeWhateverCase(F(field), Value(pattern))
    return Like(F(field), Value(_glob(pattern) if vendor == "sqlite" else pattern))


def _glob(pattern: str) -> str:
    wild = {"%": "*", "_": "?", "*": "[*]", "?": "[?]", "[": "[[]"}
    return "".join(wild.get(each, each) for each in pattern)
