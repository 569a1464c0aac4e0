"""Functions that SQLite learns from us with every connection, and what PostgreSQL has in their place."""

import json
import math
from typing import Any

import orjson
from django.db.backends.signals import connection_created
from django.db.models import Aggregate, F, FloatField, Func, TextField, Value

from runs import storable
from runs.query.patterns import FUNCTION, matches

WITHOUT = "whirr_without"
CANONICAL = "whirr_canonical"
EXACT_TO = 2**53  # whole floats below it are the integers that they look like
DEVIATION = "whirr_deviation"


class Without(Func):
    """A JSON object without some keys (also as dotted paths); equal objects compare as equal."""

    output_field = TextField()

    def __init__(self, column: str, keys: tuple[str, ...]) -> None:
        super().__init__(F(column))
        self.keys = keys

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, given = compiler.compile(self.source_expressions[0])
        return f"{WITHOUT}({sql}, %s)", [*given, orjson.dumps(self.keys).decode()]

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, given = compiler.compile(self.source_expressions[0])
        parameters = [*given]
        for key in self.keys:
            sql = f"({sql} - %s::text)"
            parameters.append(key)
            if "." in key:
                sql = f"({sql} #- %s::text[])"
                parameters.append(key.split("."))
        return sql, parameters

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.keys, repr(self.source_expressions))


class AsJson(Func):
    """JSON text to compare with what `Without` and `JsonSame` give: `canonical` made it."""

    output_field = TextField()

    def __init__(self, text: str) -> None:
        super().__init__(Value(text, output_field=TextField()))

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)::jsonb", **context)

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, template="(%(expressions)s)", **context)


class Deviation(Aggregate):
    """The standard deviation of a sample; NULL of fewer than two numbers."""

    name = "Deviation"
    output_field = FloatField()

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function=DEVIATION, **context)

    def as_postgresql(self, compiler: Any, connection: Any, **context: Any) -> Any:
        return self.as_sql(compiler, connection, function="STDDEV_SAMP", **context)


class Welford:
    """Mean and squares in one pass, without the loss of digits that sums of squares have.

    B. P. Welford, Technometrics 4 (1962), https://doi.org/10.1080/00401706.1962.10490022
    """

    def __init__(self) -> None:
        self.count = 0
        self.mean = 0.0
        self.squares = 0.0

    def step(self, value: float | None) -> None:
        if value is None:
            return
        self.count += 1
        away = value - self.mean
        self.mean += away / self.count
        self.squares += away * (value - self.mean)

    def finalize(self) -> float | None:
        found = math.sqrt(self.squares / (self.count - 1)) if self.count > 1 else None
        return found if found is not None and math.isfinite(found) else None


def without(text: str | None, keys: str) -> str | None:
    """The function of SQLite behind `Without`."""
    if text is None:
        return None
    value = orjson.loads(text)
    for key in orjson.loads(keys):
        if isinstance(value, dict):
            value.pop(key, None)
            _take_out(value, key.split("."))
    return canonical(value)


def canonical(value: Any) -> str:
    """One text for all that is equal: sorted keys, and 1 for 1.0. An infinity is its word."""
    return json.dumps(_plain(value), sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def canonical_text(text: str | None) -> str | None:
    """The same of JSON text: the function of SQLite behind `JsonSame`."""
    return None if text in (None, "null") else canonical(json.loads(text or ""))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(each) for key, each in value.items()}
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if not isinstance(value, float):
        return value
    whole = value.is_integer() and abs(value) < EXACT_TO
    return int(value) if whole else storable.number(value)


def _take_out(value: Any, path: list[str]) -> None:
    *way, last = path
    for each in way:
        value = value.get(each) if isinstance(value, dict) else None
    if isinstance(value, dict):
        value.pop(last, None)


def on_connection(sender: object, connection: Any, **_: object) -> None:
    """A new connection of SQLite's learns them."""
    if connection.vendor == "sqlite":
        database = connection.connection
        database.create_function(FUNCTION, 2, matches, deterministic=True)
        database.create_function(WITHOUT, 2, without, deterministic=True)
        database.create_function(CANONICAL, 1, canonical_text, deterministic=True)
        database.create_aggregate(DEVIATION, 1, Welford)


def register() -> None:
    """Once, when the server starts."""
    connection_created.connect(on_connection, dispatch_uid="runs.query.functions")
