"""A slow and plain reading of a filter's tree: what each comparison says of one run, in Python."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import re2

from runs.query import fields, literals
from runs.query.syntax import All, Among, AnyOf, Compare, Has, Literal, Name, Node, Not, Words

ORDERS: dict[str, Callable[[Any, Any], bool]] = {
    "<": lambda a, b: a < b,
    "<=": lambda a, b: a <= b,
    ">": lambda a, b: a > b,
    ">=": lambda a, b: a >= b,
    ":": lambda a, b: a == b,
    "=": lambda a, b: a == b,
}


@dataclass(frozen=True)
class Facts:
    """A run: its fields (None where it has none of it), its config, and of each metric the parts."""

    plain: Mapping[str, Any]
    config: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)


def holds(node: Node, run: Facts, *, now: datetime, kinds: Mapping[str, str]) -> bool:
    """`kinds` says what bare names are: field, config or metric."""
    match node:
        case All(parts):
            return all(holds(each, run, now=now, kinds=kinds) for each in parts)
        case AnyOf(parts):
            return any(holds(each, run, now=now, kinds=kinds) for each in parts)
        case Not(part):
            return not holds(part, run, now=now, kinds=kinds)
        case Compare(name, sign, value) if sign in ("!=", "!~"):
            return not _compared(name, sign[1] if sign == "!~" else "=", value, run, now, kinds)
        case _:
            return _leaf(node, run, now, kinds)


def _leaf(node: Node, run: Facts, now: datetime, kinds: Mapping[str, str]) -> bool:
    match node:
        case Words(text):
            told = [run.plain[name] or "" for name in ("name", "id", "project", "user")]
            return any(text.lower() in each.lower() for each in [*told, *run.plain["tag"]])
        case Has(name):
            return _has(name, run, kinds)
        case Among(name, values):
            return any(_compared(name, "=", each, run, now, kinds) for each in values)
        case Compare(name, sign, value):
            return _compared(name, sign, value, run, now, kinds)
    raise AssertionError(node)


def _has(name: Name, run: Facts, kinds: Mapping[str, str]) -> bool:
    kind = name.kind or kinds[name.key]
    if kind == "field":
        return run.plain[name.key] not in (None, "", [])
    if kind == "metric":
        return name.key in run.metrics
    return _at(run.config, name.key) is not None


def _compared(
    name: Name, sign: str, value: Literal, run: Facts, now: datetime, kinds: Mapping[str, str]
) -> bool:
    kind = name.kind or kinds[name.key]
    if kind == "field":
        return _field(fields.known()[name.key], run.plain[name.key], sign, value, now)
    if kind == "metric":
        return _metric(run.metrics.get(name.key), name.part or "last", sign, value)
    return _json(_at(run.config, name.key), sign, value)


def _field(known: fields.Field, has: Any, sign: str, value: Literal, now: datetime) -> bool:
    if known.kind == "tags":
        return any(
            re2.search(value.text, each) if sign == "~" else value.text == each for each in has
        )
    if has is None:
        return False
    if known.kind in ("text", "choice", "words"):
        if sign == "~":
            return bool(re2.search(value.text, has))
        if sign == ":":
            mine, theirs = has.lower(), value.text.lower()
            return bool(theirs in mine if known.kind == "words" else theirs == mine)
        return bool(has == (value.text.lower() if known.kind == "choice" else value.text))
    if known.kind == "moment":
        period = literals.period(value.text, now=now)
        assert period
        told: dict[str, bool] = {
            "<": has < period.begin,
            "<=": has < period.end,
            ">": has >= period.end,
            ">=": has >= period.begin,
        }
        return told.get(sign, bool(period.begin <= has < period.end))
    if known.kind == "span":
        return ORDERS[sign](has, timedelta(seconds=literals.seconds(value.text) or 0))
    return ORDERS[sign](has, literals.number(value.text))


def _metric(parts: Mapping[str, float | None] | None, part: str, sign: str, value: Literal) -> bool:
    if parts is None:
        return False
    number = literals.number(value.text)
    assert number is not None
    if math.isnan(number):
        return parts[part] is None
    mine = parts[part]
    return mine is not None and ORDERS[sign](mine, number)


def _json(has: Any, sign: str, value: Literal) -> bool:
    number = None if value.quoted else literals.number(value.text)
    if sign == "~":
        return isinstance(has, str) and bool(re2.search(value.text, has))
    if sign not in (":", "="):
        return _is_number(has) and ORDERS[sign](_real(has), number)
    if isinstance(has, str):
        same = has.lower() == value.text.lower() if sign == ":" else has == value.text
        words: dict[str, Callable[[float], bool]] = {
            "NaN": math.isnan,
            "Infinity": lambda n: n == math.inf,
        }
        return same or (number is not None and has in words and words[has](number))
    if isinstance(has, bool):
        return not value.quoted and value.text.lower() == str(has).lower()
    return _is_number(has) and number is not None and math.isfinite(number) and _real(has) == number


def _is_number(has: Any) -> bool:
    return isinstance(has, int | float) and not isinstance(has, bool)


def _real(has: float) -> float:
    try:
        return float(has)
    except OverflowError:
        return math.inf if has > 0 else -math.inf


def _at(config: Any, key: str) -> Any:
    if config.get(key) is not None:
        return config[key]
    for each in key.split("."):
        config = config.get(each) if isinstance(config, dict) else None
    return config
