"""What a filter says, as a tree, and the tree as text again. Plain Python, no Django.

`parse(to_text(tree)) == tree` for every tree that `runs.query.reading` makes. Places (`at`, `stop`: characters of the
text) are for messages and do not count when trees are compared.
"""

import re
from dataclasses import dataclass, field

KINDS = ("config", "summary", "metric")
PARTS = ("last", "min", "max", "best", "count", "nan", "step")
KEYWORDS = {"and", "or", "not", "in", "exists"}

# A key of these characters needs no quotation marks; neither does such a value, or such a word.
PLAIN_KEY = re.compile(r"[\w@/#%+*\[\]{}][\w@/#%+*\[\]{}.-]*\Z")
PLAIN_VALUE = re.compile(r"""[^\s"'(),]+\Z""")
PLAIN_WORD = re.compile(r"""[^\s"'(),:=!<>~.-][^\s"'(),:=!<>~.]*\Z""")


@dataclass(frozen=True, slots=True)
class Name:
    """What is compared. `kind`: one of KINDS, or "" where it has to be found out; `part`: one of PARTS, or ""."""

    kind: str
    key: str
    part: str = ""
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Literal:
    """A value as it was written. Between quotation marks it is a text and nothing else."""

    text: str
    quoted: bool = False
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Compare:
    """`sign`: one of : = != < <= > >= ~ !~"""

    name: Name
    sign: str
    value: Literal
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Among:
    """`lr in (0.1, 0.2)`"""

    name: Name
    values: tuple[Literal, ...]
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Has:
    """`lr exists`"""

    name: Name
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words:
    """A text that is looked for in names, ids, tags, users and projects."""

    text: str
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Not:
    part: "Node"
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class All:
    """All of them hold; without parts, always. No part is itself an All."""

    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of at least two holds. No part is itself an AnyOf."""

    parts: tuple["Node", ...]
    at: int = field(default=0, compare=False)
    stop: int = field(default=0, compare=False)


Leaf = Compare | Among | Has | Words
Node = Leaf | Not | All | AnyOf


def to_text(node: Node) -> str:
    """The filter that reads as this tree."""
    match node:
        case All(parts):
            return " ".join(_inside_all(each) for each in parts)
        case AnyOf(parts):
            return " OR ".join(to_text(each) for each in parts)
        case Not(part):
            inner = to_text(part)
            return f"-({inner})" if isinstance(part, All | AnyOf) else f"-{inner}"
        case Words(text):
            return text if _is_plain_word(text) else quoted(text)
        case Compare(name, sign, value):
            told = _value_text(value)
            space = " " if told[0] in "=~" else ""  # or it would be read as part of the sign
            return f"{name_text(name)}{sign}{space}{told}"
        case Among(name, values):
            return f"{name_text(name)} in ({', '.join(_value_text(each) for each in values)})"
        case Has(name):
            return f"{name_text(name)} exists"


def name_text(name: Name) -> str:
    """A name as a filter says it: `config.lr`, `metric."train loss".min`."""
    key = name.key if _is_plain_key(name) else quoted(name.key)
    return ".".join(each for each in (name.kind, key, name.part) if each)


def quoted(text: str) -> str:
    """The text between quotation marks."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def terms(tree: Node) -> tuple[Node, ...]:
    """The conditions that all have to hold."""
    return tree.parts if isinstance(tree, All) else (tree,)


def leaves(node: Node) -> list[Leaf]:
    """Every comparison in it, from left to right."""
    match node:
        case All(parts) | AnyOf(parts):
            return [leaf for part in parts for leaf in leaves(part)]
        case Not(part):
            return leaves(part)
        case _:
            return [node]


def _inside_all(node: Node) -> str:
    return f"({to_text(node)})" if isinstance(node, AnyOf) else to_text(node)


def _value_text(value: Literal) -> str:
    plain = not value.quoted and PLAIN_VALUE.match(value.text)
    return value.text if plain else quoted(value.text)


def _is_plain_word(text: str) -> bool:
    return bool(PLAIN_WORD.match(text)) and text.lower() not in KEYWORDS


def _is_plain_key(name: Name) -> bool:
    if not PLAIN_KEY.match(name.key) or name.key.lower() in KEYWORDS:
        return False
    head, dot, _ = name.key.partition(".")
    has_kind = bool(dot or name.part) and head in KINDS and not name.kind
    last = name.key.rpartition(".")[2]
    has_part = last in PARTS and not name.part and name.kind not in ("config", "summary")
    return not has_kind and not (has_part and (dot or name.kind)) and not _is_odd(name.key)


def _is_odd(key: str) -> bool:
    """Dots at the ends, or two in a row: they would be read as empty segments."""
    return key.endswith(".") or ".." in key
