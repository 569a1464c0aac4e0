"""A filter's tree as a condition on runs.

Every comparison is true or false, never unknown: a run that has no `lr` is not found by `lr<1`, and is by `-lr<1` and
by `lr!=1`. So NOT is handed down to the comparisons, where NULL counts as false before it is turned round.
"""

from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import BooleanField, Func, Q, QuerySet

from runs.errors import QueryError
from runs.models import Run
from runs.query import archived, conditions, fields, keys, namesakes
from runs.query.nearest import did_you_mean
from runs.query.reading import parse
from runs.query.scope import Scope
from runs.query.syntax import All, Among, AnyOf, Compare, Has, Leaf, Name, Node, Not, Words

OPPOSITE = {"!=": "=", "!~": "~"}


class Truly(Func):
    """False where the condition is unknown."""

    template = "COALESCE(%(expressions)s, FALSE)"
    output_field = BooleanField()


@dataclass
class Names:
    """What bare names mean, asked of the database once each."""

    meant: dict[tuple[str, str], Name] = field(default_factory=dict)

    def resolved(self, name: Name) -> Name:
        """With a kind: "field" for what every run has, else config, summary or metric. Raises QueryError."""
        if name.kind:
            return name
        place = (name.key, name.part)
        if place not in self.meant:
            self.meant[place] = _resolved(name)
        return replace(self.meant[place], at=name.at, stop=name.stop)


def filtered(found: QuerySet[Run], text: str, scope: Scope) -> QuerySet[Run]:
    """Those of the runs that a filter finds; Raises QueryError."""
    return narrowed(found, parse(text), scope)


def listed(found: QuerySet[Run], text: str, scope: Scope) -> QuerySet[Run]:
    """The same without the archived ones, where the filter does not mean those too. Raises QueryError."""
    tree = parse(text)
    return archived.left_out(narrowed(found, tree, scope), tree)


def narrowed(
    found: QuerySet[Run], tree: Node, scope: Scope, names: Names | None = None
) -> QuerySet[Run]:
    """The same for a tree; `names` may be shared by several. Raises QueryError."""
    if isinstance(tree, All) and not tree.parts:
        return found
    return found.filter(condition(tree, scope, names or Names()))


def condition(node: Node, scope: Scope, names: Names, *, negated: bool = False) -> Q:
    """What has to hold of a run, or with `negated` must not."""
    match node:
        case Not(part):
            return condition(part, scope, names, negated=not negated)
        case All(parts) | AnyOf(parts):
            every = [condition(part, scope, names, negated=negated) for part in parts]
            return Q(*every, _connector=Q.AND if isinstance(node, All) != negated else Q.OR)
        case Compare(_, sign, _) if sign in OPPOSITE:
            return condition(replace(node, sign=OPPOSITE[sign]), scope, names, negated=not negated)
        case _:
            found = _leaf(node, scope, names)
            return ~Q(Truly(found)) if negated else Q(found)


def _leaf(node: Leaf, scope: Scope, names: Names) -> Any:
    if isinstance(node, Words):
        return conditions.of_words(node.text)
    try:
        return _of_name(names.resolved(node.name), node, scope)
    except QueryError as wrong:
        if not (meant := namesakes.of_name(node.name)):
            raise
        hint = f"{wrong.hint}; {meant}" if wrong.hint else meant
        raise QueryError(wrong.what, at=wrong.at, length=wrong.length, hint=hint) from wrong


def _of_name(name: Name, node: Compare | Among | Has, scope: Scope) -> Any:
    if isinstance(node, Has):
        return _exists(name, scope)
    if isinstance(node, Compare):
        return _compared(name, node, scope)
    if name.kind == "field":
        return conditions.listed(fields.known()[name.key], node.values, scope)
    return _among(name, node)


def _among(name: Name, node: Among) -> Any:
    if name.kind == "metric":
        return conditions.metric_among(name.key, name.part, node.values)
    return conditions.json_among(name.kind, name.key, node.values)


def _compared(name: Name, node: Compare, scope: Scope) -> Any:
    if name.kind == "field":
        return conditions.of_field(fields.known()[name.key], node.sign, node.value, scope)
    if name.kind == "metric":
        return conditions.of_metric(name.key, name.part, node.sign, node.value)
    return conditions.of_json(name.kind, name.key, node.sign, node.value)


def _exists(name: Name, scope: Scope) -> Any:
    if name.kind == "field":
        return conditions.field_exists(fields.known()[name.key], scope)
    if name.kind == "metric":
        return conditions.metric_exists(name.key)
    return conditions.json_exists(name.kind, name.key)


def _resolved(name: Name) -> Name:
    known = fields.known()
    whole = f"{name.key}.{name.part}" if name.part else name.key
    if not name.part and (meant := fields.ALSO.get(name.key, name.key)) in known:
        return Name("field", meant)
    if keys.is_config_key(whole):
        return Name("config", whole)
    if name.part and keys.is_metric_key(whole):
        return Name("metric", whole)
    if keys.is_metric_key(name.key):
        return Name("metric", name.key, name.part)
    candidates = [*known, *fields.ALSO, *keys.config_keys(), *keys.metric_keys()]
    hint = fields.of_packages(name.key) or did_you_mean(name.key, candidates)
    hint = hint or (
        "config.… and metric.… name keys that no run has yet; fields are "
        + ", ".join(fields.names())
    )
    raise QueryError(
        f"no field or key `{whole[:100]}`",
        at=name.at,
        length=max(1, name.stop - name.at),
        hint=hint,
    )
