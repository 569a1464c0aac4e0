"""Which project a filter is about: saved views and what a page shows at first belong to it."""

from runs.errors import QueryError
from runs.query.reading import parse
from runs.query.syntax import All, Compare, Literal, Name, Node, terms, to_text

CLAUSE = Name("", "project")


def named(text: str) -> str:
    """The one project that every run of the filter is in, as the filter writes it; "" where it names none, or two."""
    tree = _read(text)
    found = {} if tree is None else {name.lower(): name for name in map(_project, terms(tree))}
    found.pop("", None)
    return next(iter(found.values())) if len(found) == 1 else ""


def alone(text: str) -> str:
    """The project of a filter that asks for nothing but it."""
    tree = _read(text)
    return named(text) if tree is not None and all(map(_project, terms(tree))) else ""


def kept(text: str, project: str) -> str:
    """The filter with a clause of the project, where it names none; one that cannot be read stays as it is."""
    tree = _read(text)
    if tree is None or not project or named(text):
        return text
    return to_text(All((clause(project), *terms(tree))))


def clause(project: str) -> Compare:
    """The condition that a run is in it."""
    return Compare(CLAUSE, ":", Literal(project))


def _read(text: str) -> Node | None:
    try:
        return parse(text)
    except QueryError:
        return None


def _project(term: Node) -> str:
    """A pattern, or one of several, is not one project."""
    if isinstance(term, Compare) and term.name == CLAUSE and term.sign in (":", "="):
        return term.value.text
    return ""
