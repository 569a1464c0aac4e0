"""What may stand where the cursor is: names of fields, keys and metrics, and values that runs have."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from runs import facts, selectors, storable
from runs.errors import QueryError
from runs.query import fields, keys
from runs.query.fields import Field
from runs.query.reading import LONGEST, parse
from runs.query.scope import Scope
from runs.query.syntax import KINDS, Name, name_text, quoted

MOST = 30  # items of an answer
CONFIGS = 500  # runs in which values of a config key are looked for
# Before the cursor: what is being typed, and what stands before that.
NAME = r"""(?:"(?:\\.|[^"\\])*"|[^\s"'(),:=!<>~])+"""
VALUE_BEGUN = re.compile(
    rf"""(?P<name>{NAME})\s*(?:!=|!~|<=|>=|[:=<>~])\s*(?P<value>"[^"]*|[^\s"'(),]*)\Z"""
)
LIST_BEGUN = re.compile(
    rf"""(?P<name>{NAME})\s+in\s*\((?:[^()]*,)?\s*(?P<value>"[^"]*|[^\s"'(),]*)\Z""", re.IGNORECASE
)
NAME_BEGUN = re.compile(r"""(?:^|[\s(-])(?P<name>"[^"]*|[^\s"'(),:=!<>~-][^\s"'(),:=!<>~]*)?\Z""")


@dataclass(frozen=True, slots=True)
class Item:
    """`kind`: field, config, summary, metric, value or word."""

    text: str
    kind: str
    told: str = ""


@dataclass(frozen=True, slots=True)
class Completion:
    """What may replace the characters from `begin` to `end`; and what is wrong with the filter as it is now."""

    begin: int
    end: int
    items: list[Item]
    error: QueryError | None


def complete(text: str, at: int, scope: Scope) -> Completion:
    """What fits at character `at` of a filter."""
    text = storable.text(text)
    at = min(max(at, 0), len(text))
    try:
        parse(text)
        error = None
    except QueryError as wrong:
        error = wrong
    if len(text) > LONGEST:
        return Completion(at, at, [], error)
    before = text[:at]
    value = LIST_BEGUN.search(before) or VALUE_BEGUN.search(before)
    if value:
        begun = value["value"]
        items = _values(_bare(value["name"].lstrip("-")), begun.lstrip('"'))
        return Completion(at - len(begun), at, items, error)
    name = NAME_BEGUN.search(before)
    begun = (name["name"] or "") if name else ""
    return Completion(at - len(begun), at, _names(begun.lstrip('"')), error)


def _bare(name: str) -> str:
    return name.replace('"', "")


def _names(begun: str) -> list[Item]:
    """Fields first, then configs, then metrics; those that begin with what was typed before those that have it."""
    every = [Item(f"{each.name}:", "field", each.told) for each in fields.known().values()]
    packages = [item for item in every if item.text.startswith(facts.PACKAGE)]
    known = [item for item in every if item not in packages]
    config = keys.config_keys()
    metrics = keys.metric_keys()
    known += [
        Item(_written("config", key, ambiguous=key in fields.known()), "config", f"in {count} runs")
        for key, count in config.most_common()
    ]
    known += [
        Item(_written("metric", key, ambiguous=key in fields.known() or key in config), "metric")
        for key in metrics
    ]
    # Packages last: they are so many that they would leave no room for what people name most.
    return _best(known + packages, begun, lambda item: _bare(item.text))


def _written(kind: str, key: str, *, ambiguous: bool) -> str:
    """The key alone where that means the same."""
    bare = name_text(Name("", key))
    return name_text(Name(kind, key)) if ambiguous or bare.startswith('"') else bare


def _best(items: Iterable[Item], begun: str, of: Callable[[Item], str]) -> list[Item]:
    wanted = begun.lower()
    found: list[tuple[int, Item]] = []
    for item in items:
        text = of(item).lower()
        short = text.removeprefix("config.").removeprefix("metric.")
        if text.startswith(wanted) or short.startswith(wanted):
            found.append((0, item))
        elif wanted in text:
            found.append((1, item))
    return [item for _, item in sorted(found, key=lambda each: each[0])][:MOST]


def _values(name: str, begun: str) -> list[Item]:
    known = fields.known()
    name = fields.ALSO.get(name, name)
    if name in known:
        return _of_field(known[name], begun)
    kind, _, key = name.partition(".")
    column = kind if kind in ("config", "summary") else "config"
    texts = _of_config(column, key if kind in KINDS else name)
    return _best([Item(text, "value") for text in texts], begun, lambda item: _bare(item.text))


_MOMENTS = (
    ("-1h", "since an hour ago"),
    ("-1d", "since a day ago"),
    ("-7d", "since a week ago"),
    ("today", "in UTC"),
)
_SPANS = (("10m", "ten minutes"), ("1h", "an hour"), ("1d", "a day"))


def _of_field(field: Field, begun: str) -> list[Item]:
    if field.choices:
        return _best([Item(each, "value") for each in field.choices], begun, lambda item: item.text)
    if field.kind in ("moment", "span"):
        told = _MOMENTS if field.kind == "moment" else _SPANS
        return _best(
            [Item(*each[:1], "value", each[1]) for each in told], begun, lambda item: item.text
        )
    columns = {
        "user": "user",
        "project": "project",
        "host": "hostname",
        "name": "name",
        "id": "key",
    }
    if field.kind == "tags":
        texts = keys.tags_like(begun, MOST)
    elif field.name in facts.NAMES:
        texts = keys.facts_like(field.name, begun, MOST)
    elif field.values:
        texts = field.values(begun, MOST)
    elif field.name in columns:
        texts = keys.values_of(columns[field.name], begun, MOST)
    else:
        texts = []
    items = [Item(_value(text), "value") for text in texts]
    if field.name == "user" and "me".startswith(begun.lower()):
        items.insert(0, Item("me", "word", "your runs"))
    return items[:MOST]


def _of_config(column: str, key: str) -> list[str]:
    rows = selectors.runs().values_list(column, flat=True)[:CONFIGS]
    seen: dict[str, None] = {}
    for tree in rows.iterator():
        value = _at(tree, key)
        if isinstance(value, str):
            seen.setdefault(_value(value))
        elif isinstance(value, bool):
            seen.setdefault(str(value).lower())
        elif isinstance(value, int | float):
            seen.setdefault(str(value))
    return list(seen)


def _at(tree: object, key: str) -> object:
    if isinstance(tree, dict) and key in tree:
        return tree[key]
    for each in key.split("."):
        tree = tree.get(each) if isinstance(tree, dict) else None
    return tree


def _value(text: str) -> str:
    """A value as a filter writes it."""
    plain = re.fullmatch(r"""[^\s"'(),=~][^\s"'(),]*""", text)
    return text if plain else quoted(text)
