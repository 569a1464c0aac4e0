"""Values of a JSON column under a key that somebody made up, on both databases.

A key is looked for as it stands, and then, where it has dots, as the path that they make: `opt.lr` is
{"opt.lr": 1} or else {"opt": {"lr": 1}}. Keys are parameters of a statement or stand in a checked path, never in SQL.
"""

import re
from typing import Any

from django.db.models import F, FloatField, Func, TextField

# SQLite finds such a key in a path as it is written; others are looked for element by element.
IN_A_PATH = re.compile(r"[A-Za-z0-9_/ +-]+\Z")
MOST_SEGMENTS = 50  # of a path; SQLite joins at most 64 tables
LARGEST = "1.7976931348623157e308"
SMALLEST = "2.3e-308"


def paths(key: str) -> list[list[str]]:
    """Where the value may be: the key itself, then what its dots say, if they are not far too many."""
    deep = 0 < key.count(".") < MOST_SEGMENTS
    return [[key], key.split(".")] if deep else [[key]]


class OfJson(Func):
    """Base: what a value of `column` under `key` comes to. Below are its SQL for an element of each database."""

    # {value}: what SQLite reads a JSON value as; {type}: its json_type
    sqlite = ""
    # {json}: the jsonb value
    postgres = ""

    def __init__(self, column: str, key: str, **extra: Any) -> None:
        super().__init__(F(column), **extra)
        self.key = key

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        column, given = compiler.compile(self.source_expressions[0])
        found, parameters = [], []
        for path in paths(self.key):
            sql, values = _sqlite_entry(column, list(given), path)
            found.append(f"(SELECT {self.sqlite} FROM {sql})")  # noqa: S608
            parameters += values
        return _first_of(found), parameters

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        column, given = compiler.compile(self.source_expressions[0])
        found, parameters = [], []
        for path in paths(self.key):
            arrows = " -> ".join(["%s::text"] * len(path))
            entry = f"(SELECT {column} -> {arrows} AS value) AS entry"
            found.append(f"(SELECT {self.postgres} FROM {entry})")  # noqa: S608
            parameters += [*given, *path]
        return _first_of(found), parameters

    def deconstruct(self) -> Any:  # pragma: no cover
        raise TypeError("these stand in no migration")

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.key, *(repr(each) for each in self.source_expressions))


class JsonNumber(OfJson):
    """A number as a float; NULL for everything else. One beyond a float's range is an infinity, or 0."""

    output_field = FloatField()
    sqlite = "CASE WHEN type IN ('integer', 'real') THEN CAST(value AS REAL) END"
    postgres = (
        "CASE WHEN jsonb_typeof(value) = 'number' THEN CASE "
        f"WHEN (value #>> '{{}}')::numeric > {LARGEST} THEN 'Infinity'::float8 "
        f"WHEN (value #>> '{{}}')::numeric < -{LARGEST} THEN '-Infinity'::float8 "
        f"WHEN abs((value #>> '{{}}')::numeric) < {SMALLEST} THEN 0::float8 "
        "ELSE (value #>> '{}')::float8 END END"
    )


class JsonText(OfJson):
    """A text; NULL for everything else."""

    output_field = TextField()
    sqlite = "CASE WHEN type = 'text' THEN value END"
    postgres = "CASE WHEN jsonb_typeof(value) = 'string' THEN value #>> '{}' END"


class JsonFlag(OfJson):
    """`true` or `false` as texts; NULL for everything else."""

    output_field = TextField()
    sqlite = "CASE WHEN type IN ('true', 'false') THEN type END"
    postgres = "CASE WHEN jsonb_typeof(value) = 'boolean' THEN value #>> '{}' END"


class JsonKind(OfJson):
    """A text for every value but null; NULL where there is none."""

    output_field = TextField()
    sqlite = "CASE WHEN type <> 'null' THEN type END"
    postgres = "CASE WHEN jsonb_typeof(value) <> 'null' THEN jsonb_typeof(value) END"


class JsonSame(OfJson):
    """Equal for equal values, as 1 and 1.0 are: what groups are made by, JSON as text. NULL where there is none."""

    output_field = TextField()
    sqlite = (
        "CASE type WHEN 'null' THEN NULL WHEN 'true' THEN type WHEN 'false' THEN type "
        "WHEN 'object' THEN whirr_canonical(value) WHEN 'array' THEN whirr_canonical(value) "
        "ELSE whirr_canonical(json_quote(value)) END"
    )
    # Equal objects and numbers are equal as jsonb, whatever they look like; Django gets it as text.
    postgres = "CASE WHEN jsonb_typeof(value) <> 'null' THEN value END"


def _sqlite_entry(column: str, given: list[Any], path: list[str]) -> tuple[str, list[Any]]:
    """A FROM clause with `type` and `value` of what is at the path; it has no row, or a NULL type, where nothing is."""
    if all(IN_A_PATH.match(each) for each in path):
        where = "$" + "".join(f'."{each}"' for each in path)
        sql = f"(SELECT json_type({column}, %s) AS type, json_extract({column}, %s) AS value)"
        return sql, [*given, where, *given, where]
    # Side by side, in this order: inside each other SQLite's parser takes no ten of them.
    sources, parameters = [f"json_each({column}) AS step0"], list(given)
    for at in range(1, len(path)):
        inner = f"CASE WHEN step{at - 1}.type = 'object' THEN step{at - 1}.value ELSE '{{}}' END"
        sources.append(f"json_each({inner}) AS step{at}")
    last = f"step{len(path) - 1}"
    where = " AND ".join(f"step{at}.key = %s" for at in range(len(path)))
    joined = " CROSS JOIN ".join(sources)
    sql = f"(SELECT {last}.type AS type, {last}.value AS value FROM {joined} WHERE {where})"  # noqa: S608
    return sql, [*parameters, *path]


def _first_of(found: list[str]) -> str:
    return f"COALESCE({', '.join(found)})" if len(found) > 1 else found[0]
