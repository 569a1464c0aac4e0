"""Which term of a filter leaves nothing over."""

from dataclasses import replace

from dashboard.table.choosing import counted
from dashboard.table.shown import EmptyBecause
from dashboard.table.wish import Wish
from runs import selectors
from runs.query import namesakes
from runs.query.archived import left_out
from runs.query.finding import Names, narrowed
from runs.query.scope import Scope
from runs.query.syntax import All, Node, terms, to_text

TRIED = 12  # terms; each costs a count


def empty_because(wish: Wish, tree: Node, scope: Scope, names: Names) -> EmptyBecause | None:
    """The term without which most runs would be left; None without a filter."""
    every = terms(tree)
    if not every:
        return None
    best: EmptyBecause | None = None
    blamed: Node = tree
    for at, term in enumerate(every[:TRIED]):
        rest = All((*every[:at], *every[at + 1 :]))
        count = counted(left_out(narrowed(selectors.runs(), rest, scope, names), rest))
        if count > (best.count if best else 0):
            query = wish.query(text=to_text(rest), within=(), page=1)
            best, blamed = EmptyBecause(to_text(term), count, query), term
    hint = namesakes.of_node(blamed, most=TRIED)
    if best:
        return replace(best, hint=hint)
    listed = left_out(selectors.runs(), All(()))
    return EmptyBecause("", counted(listed), wish.query(text="", within=(), page=1), hint)
