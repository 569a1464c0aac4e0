"""Settings that a bare name in a filter does not mean, since there is a field of that name."""

from runs import selectors
from runs.query import fields
from runs.query.json_values import JsonKind
from runs.query.syntax import Name, Node, Words, leaves, name_text


def of_name(name: Name) -> str:
    """What to write for the setting; "" where no run has one, or the name means no field."""
    key = name.key
    if name.kind or name.part or fields.ALSO.get(key, key) not in fields.known():
        return ""
    having = selectors.runs().alias(said=JsonKind("config", key)).filter(said__isnull=False)
    if not (count := having.order_by().count()):
        return ""
    written = name_text(Name("config", key))
    runs = "1 run" if count == 1 else f"{count} runs"
    return f"{written} is a setting of {runs}: write {written}"


def of_node(node: Node, *, most: int) -> str:
    """The same for the first name in it that has one; at most `most` names are looked up."""
    names = dict.fromkeys(leaf.name for leaf in leaves(node) if not isinstance(leaf, Words))
    return next(filter(None, map(of_name, list(names)[:most])), "")
