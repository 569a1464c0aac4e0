"""One comparison as a condition of the database. Keys and values of a filter are parameters of the statement."""

import math
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.db.models import DurationField, Exists, F, FloatField, OuterRef, Q, Value
from django.db.models.functions import Cast
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
    IContains,
    IExact,
    In,
    IsNull,
    LessThan,
    LessThanOrEqual,
)

from runs import selectors
from runs.directions import guessed
from runs.errors import QueryError
from runs.models import Series
from runs.query import literals, patterns, tags
from runs.query.fields import Field
from runs.query.json_values import JsonFlag, JsonKind, JsonNumber, JsonText
from runs.query.nearest import did_you_mean
from runs.query.scope import Scope
from runs.query.syntax import Literal

ORDERS: dict[str, Callable[[Any, Any], Any]] = {
    ":": Exact,
    "=": Exact,
    "<": LessThan,
    "<=": LessThanOrEqual,
    ">": GreaterThan,
    ">=": GreaterThanOrEqual,
}
# How JSON says numbers that it has no word for; see runs.storable.
NO_NUMBERS = {"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}

# A time as it is written covers a period: a day, a minute, or an instant.
_AGAINST: dict[str, Callable[[Any, Any, Any], Any]] = {
    "<": lambda time, begin, _: LessThan(time, begin),
    ">=": lambda time, begin, _: GreaterThanOrEqual(time, begin),
    ">": lambda time, _, end: GreaterThanOrEqual(time, end),
    "<=": lambda time, _, end: LessThan(time, end),
    **dict.fromkeys(
        (":", "="),
        lambda time, begin, end: Q(GreaterThanOrEqual(time, begin)) & Q(LessThan(time, end)),
    ),
}


def of_field(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    """`state:failed`, `created>-7d`. Raises QueryError."""
    found = _ways[field.kind](field, sign, value, scope)
    if found is None:
        raise wrong(value, f"{field.name} cannot be compared by {sign}", _hints[field.kind])
    return found


def field_exists(field: Field, scope: Scope) -> Any:
    """The run has some of it."""
    return tags.some("tags") if field.kind == "tags" else IsNull(field.expression(scope.now), False)  # noqa: FBT003


def _text(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    expression = field.expression(scope.now)
    text = (
        scope.me if field.name == "user" and value.text == "me" and not value.quoted else value.text
    )
    if sign == "~":
        return patterns.of_literal(expression, value)
    if sign == ":":
        return (IContains if field.kind == "words" else IExact)(expression, text)
    return Exact(expression, text) if sign == "=" else None


def _choice(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign == "~":
        return patterns.of_literal(field.expression(scope.now), value)
    if sign not in (":", "="):
        return None
    if value.text.lower() not in field.choices:
        hint = did_you_mean(value.text.lower(), field.choices)
        raise wrong(value, f"no {field.name} `{value.text[:60]}`", hint or _one_of(field.choices))
    return Exact(field.expression(scope.now), value.text.lower())


def _number(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign not in ORDERS:
        return None
    return ORDERS[sign](Cast(field.expression(scope.now), FloatField()), real(value))


def _moment(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    expression = field.expression(scope.now)
    if sign not in ORDERS:
        return None
    period = literals.period(value.text, now=scope.now)
    if period is None:
        raise wrong(
            value, f"`{value.text[:60]}` is no time", "write -7d, today, or 2026-01-15T12:30Z"
        )
    return _AGAINST[sign](expression, period.begin, period.end)


def _span(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign not in ORDERS:
        return None
    seconds = literals.seconds(value.text)
    if seconds is None:
        raise wrong(value, f"`{value.text[:60]}` is no length of time", "write 90s, 1h30m or 2d")
    length = Value(timedelta(seconds=seconds), output_field=DurationField())
    return ORDERS[sign](field.expression(scope.now), length)


def _tags(_field: Field, sign: str, value: Literal, _scope: Scope) -> Any:
    return tags.condition("tags", sign, value)


_ways: dict[str, Callable[[Field, str, Literal, Scope], Any]] = {
    "text": _text,
    "words": _text,
    "choice": _choice,
    "number": _number,
    "moment": _moment,
    "span": _span,
    "tags": _tags,
}
_SIGNS_OF_TEXT = "texts are compared by : = != ~ !~ and in"
_SIGNS_OF_NUMBERS = "it is compared by = != < <= > >= and in"
_hints = {
    **dict.fromkeys(("text", "words", "choice", "tags"), _SIGNS_OF_TEXT),
    **dict.fromkeys(("number", "moment", "span"), _SIGNS_OF_NUMBERS),
}


def of_json(column: str, key: str, sign: str, value: Literal) -> Any:
    """`config.lr>=1e-4`, `config.model=resnet`. Raises QueryError."""
    if sign == "~":
        return patterns.of_literal(JsonText(column, key), value)
    if sign in (":", "="):
        return _json_is(column, key, sign, value)
    return ORDERS[sign](JsonNumber(column, key), real(value))


def _json_is(column: str, key: str, sign: str, value: Literal) -> Any:
    text = value.text
    found = Q((IExact if sign == ":" else Exact)(JsonText(column, key), text))
    if value.quoted:
        return found
    number = literals.number(text)
    if number is not None and math.isfinite(number):
        found |= Q(Exact(JsonNumber(column, key), number))
    elif number is not None:
        found |= Q(Exact(JsonText(column, key), NO_NUMBERS[str(number)]))
    elif text.lower() in ("true", "false"):
        found |= Q(Exact(JsonFlag(column, key), text.lower()))
    return found


def json_exists(column: str, key: str) -> Any:
    """The run's config (or summary) has the key, with something else than null."""
    return IsNull(JsonKind(column, key), False)  # noqa: FBT003


def of_metric(key: str, part: str, sign: str, value: Literal) -> Any:
    """`loss<0.2`, `metric."val/loss".min:nan`: of the newest attempt's first writer. Raises QueryError."""
    if sign not in ORDERS:
        raise wrong(value, f"a metric cannot be compared by {sign}", _SIGNS_OF_NUMBERS)
    column = series_column(key, part)
    number = literals.number(value.text)
    if number is not None and math.isnan(number) and sign in (":", "="):
        return Exists(series_of(key).filter(**{f"{column}__isnull": True, "count__gt": 0}))
    return Exists(series_of(key).filter(ORDERS[sign](Cast(F(column), FloatField()), real(value))))


def metric_exists(key: str) -> Any:
    """The newest attempt logged the metric."""
    return Exists(series_of(key))


def series_column(key: str, part: str) -> str:
    """The column of Series that a part of a metric means."""
    if part == "best":
        part = guessed(key) or "max"
    columns = {"min": "minimum", "max": "maximum", "nan": "nan_count", "step": "last_step"}
    return columns.get(part, part or "last")


def series_of(key: str) -> Any:
    """The series under a key of a run in an outer query: its newest attempt's, of the writer that comes first."""
    mine = Series.objects.filter(run=OuterRef("pk"), attempt=OuterRef("attempt"), key=key)
    return selectors.of_first_writers(mine)


def of_words(text: str) -> Any:
    """The text stands somewhere in name, id, project, user or a tag."""
    return (
        Q(name__icontains=text)
        | Q(key__icontains=text)
        | Q(project__icontains=text)
        | Q(user__icontains=text)
        | Q(tags.containing("tags", text))
    )


def listed(field: Field, values: tuple[Literal, ...], scope: Scope) -> Any:
    """`id in (job-1, job-2)` in one look where the field is a text."""
    if field.kind in ("text", "words") and field.name != "user":
        return In(field.expression(scope.now), [each.text for each in values])
    found = Q()
    for each in values:
        found |= Q(of_field(field, "=", each, scope))
    return found


def real(value: Literal) -> float:
    """The number that a value says. Raises QueryError for a text, and for NaN, which is neither less nor more."""
    number = None if value.quoted else literals.number(value.text)
    if number is None:
        raise wrong(value, f"`{value.text[:60]}` is no number", "write it like 0.001, 1e-4 or 3")
    if math.isnan(number):
        raise wrong(
            value, "nothing is less or more than NaN", "loss:nan finds runs whose last value is NaN"
        )
    return number


def wrong(value: Literal, detail: str, hint: str = "") -> QueryError:
    """A complaint about a value."""
    return QueryError(detail, at=value.at, length=max(1, value.stop - value.at), hint=hint)


def _one_of(choices: tuple[str, ...]) -> str:
    return f"it is one of {', '.join(choices)}"
