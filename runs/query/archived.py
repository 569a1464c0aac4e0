"""Archived runs are left out of lists, unless a filter speaks of them, or of runs by their ids."""

from django.db.models import QuerySet

from runs.models import Run
from runs.query import fields
from runs.query.syntax import (
    All,
    Among,
    AnyOf,
    Compare,
    Has,
    Literal,
    Name,
    Node,
    leaves,
    terms,
    to_text,
)

FIELD = "archived"


def left_out(found: QuerySet[Run], tree: Node) -> QuerySet[Run]:
    """The runs without the archived ones, where the filter does not mean those too."""
    return found if means_archived(tree) else found.filter(archived_at__isnull=True)


def alone(found: QuerySet[Run]) -> QuerySet[Run]:
    """Those of the runs that are archived."""
    return found.filter(archived_at__isnull=False)


def with_any(tree: Node) -> str:
    """The filter that finds the same runs, archived or not."""
    return to_text(All((*terms(tree), Compare(Name("", FIELD), ":", Literal("any")))))


def means_archived(tree: Node) -> bool:
    """Whether the filter itself says which of them it wants: `archived:any`, `id:job-7`."""
    return _names_runs(tree) or any(
        _is(leaf.name, FIELD) for leaf in leaves(tree) if isinstance(leaf, Compare | Among | Has)
    )


def _names_runs(node: Node) -> bool:
    """It finds nothing but runs whose ids it says."""
    match node:
        case All(parts):
            return any(_names_runs(part) for part in parts)
        case AnyOf(parts):
            return all(_names_runs(part) for part in parts)
        case Compare(name, ":" | "=", _) | Among(name, _):
            return _is(name, "id")
        case _:
            return False


def _is(name: Name, field: str) -> bool:
    """As `finding` reads it: a bare name is a field before it is a key of any config."""
    return not name.kind and not name.part and fields.ALSO.get(name.key, name.key) == field
