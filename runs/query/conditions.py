"""One comparison as a condition of the database. Keys and values of a filter are parameters of the statement."""

import math
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

from django.db.models import DurationField, FloatField, OuterRef, Q, Value
from django.db.models.functions import Cast
from django.db.models.lookups import (
    Exact,
    GreaterThan,
    GreaterThanOrEqual,
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
from runs.query.logged import Logged
from runs.query.looks import BEGUN, LOOKS
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
MOST_IN_TURN = 100  # values of a list that are compared one after the other
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
    text = _text_of(field, value, scope)
    if sign == "~":
        return patterns.of_literal(expression, value)
    if sign == ":":
        return LOOKS[field.kind](expression, text)
    return Exact(expression, text) if sign == "=" else None


def _text_of(field: Field, value: Literal, scope: Scope) -> str:
    is_me = field.name == "user" and value.text == "me" and not value.quoted
    return scope.me if is_me else value.text


def _choice(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign == "~":
        return patterns.of_literal(field.expression(scope.now), value)
    if sign not in (":", "="):
        return None
    return Exact(field.expression(scope.now), _chosen(field, value))


def _chosen(field: Field, value: Literal) -> str:
    if value.text.lower() not in field.choices:
        hint = did_you_mean(value.text.lower(), field.choices)
        raise wrong(value, f"no {field.name} `{value.text[:60]}`", hint or _one_of(field.choices))
    return value.text.lower()


def _flag(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign not in (":", "="):
        return None
    said = _chosen(field, value)
    if said == "any":
        return Exact(Value(1), 1)
    return IsNull(field.expression(scope.now), said == "no")


def _number(field: Field, sign: str, value: Literal, scope: Scope) -> Any:
    if sign not in ORDERS:
        return None
    return ORDERS[sign](Cast(field.expression(scope.now), FloatField()), _real_of(field, value))


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
    **dict.fromkeys(LOOKS, _text),
    "choice": _choice,
    "number": _number,
    "moment": _moment,
    "span": _span,
    "tags": _tags,
    "flag": _flag,
}
_SIGNS_OF_TEXT = "texts are compared by : = != ~ !~ and in"
_SIGNS_OF_NUMBERS = "it is compared by = != < <= > >= and in"
_hints = {
    **dict.fromkeys((*LOOKS, "choice", "tags"), _SIGNS_OF_TEXT),
    "flag": "it is compared by : and =",
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
    if sign == ":":
        return Q(IExact(JsonText(column, key), value.text)) | json_among(column, key, (value,))
    return json_among(column, key, (value,))


def json_among(column: str, key: str, values: tuple[Literal, ...]) -> Any:
    """`config.seed in (1, two, true)`: a look for each kind of value, however many there are."""
    texts, numbers, flags = [each.text for each in values], [], []
    for text in (each.text for each in values if not each.quoted):
        number = literals.number(text)
        if number is not None and math.isfinite(number):
            numbers.append(number)
        elif number is not None:
            texts.append(NO_NUMBERS[str(number)])
        elif text.lower() in ("true", "false"):
            flags.append(text.lower())
    found = Q(In(JsonText(column, key), texts))
    if numbers:
        found |= Q(In(JsonNumber(column, key), numbers))
    return found | Q(In(JsonFlag(column, key), flags)) if flags else found


def json_exists(column: str, key: str) -> Any:
    """The run's config (or summary) has the key, with something else than null."""
    return IsNull(JsonKind(column, key), False)  # noqa: FBT003


def of_metric(key: str, part: str, sign: str, value: Literal) -> Any:
    """`loss<0.2`, `metric."val/loss".min:nan`: of the newest attempt's first writer. Raises QueryError."""
    if sign not in ORDERS:
        raise wrong(value, f"a metric cannot be compared by {sign}", _SIGNS_OF_NUMBERS)
    if sign in (":", "="):
        return metric_among(key, part, (value,))
    return Logged(key, series_column(key, part), sign, (real(value),))


def metric_among(key: str, part: str, values: tuple[Literal, ...]) -> Any:
    """`loss in (1, 2, nan)`, in one look. Raises QueryError."""
    is_nan = [_is_nan(each) for each in values]
    numbers = [real(each) for each, nan in zip(values, is_nan, strict=True) if not nan]
    column = series_column(key, part)
    return Logged(key, column, "=", tuple(dict.fromkeys(numbers)), or_nan=any(is_nan))


def _is_nan(value: Literal) -> bool:
    number = literals.number(value.text)
    return number is not None and math.isnan(number)


def metric_exists(key: str) -> Any:
    """The newest attempt logged the metric."""
    return Logged(key)


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
    """`id in (job-1, job-2)`: in one look where the database has one for it. Raises QueryError."""
    expression = field.expression(scope.now)
    if field.kind in ("text", "words"):
        return In(expression, [_text_of(field, each, scope) for each in values])
    if field.kind == "number":
        return In(Cast(expression, FloatField()), [_real_of(field, each) for each in values])
    different = {each.text: each for each in values}
    if len(different) > MOST_IN_TURN:
        raise wrong(
            values[-1],
            f"a list of {field.name} has at most {MOST_IN_TURN} values, not {len(different)}",
        )
    sign = ":" if field.kind in BEGUN else "="
    every = [Q(of_field(field, sign, each, scope)) for each in different.values()]
    return Q(*every, _connector=Q.OR)


def _real_of(field: Field, value: Literal) -> float:
    """`array:A12` is as the table writes it."""
    text = value.text
    if field.letter and text[:1].lower() == field.letter.lower() and text[1:].isdecimal():
        value = replace(value, text=text[1:])
    return real(value)


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
