"""MLflow's filter strings: `metrics.loss < 0.1 and params.lr = "0.1" and tags.x LIKE '%y%'`. Plain Python, no Django.

What stands in a filter becomes data: names of the fixed lists below, and texts that are only ever compared with. A
filter is read once from left to right, so its cost grows with its length alone.
"""

import math
import re
from dataclasses import dataclass
from typing import NamedTuple

from mlflow_api.refusals import Refusal, invalid

LONGEST = 50_000  # characters of a filter
MOST = 50  # comparisons in a filter
MOST_LISTED = 1000  # values after IN
KINDS = {
    **dict.fromkeys(("metric", "metrics"), "metric"),
    **dict.fromkeys(("param", "params", "parameter", "parameters"), "param"),
    **dict.fromkeys(("tag", "tags"), "tag"),
    **dict.fromkeys(("attribute", "attributes", "attr", "run"), "attribute"),
}
ALIASES = {
    "created": "start_time",
    "creation_timestamp": "creation_time",
    "name": "name",
    "run name": "run_name",
    "run id": "run_id",
    "status": "status",
}
TOKEN = re.compile(
    r"""(?x) \s* (?:
        (?P<quoted> "[^"]*" | '[^']*' | `[^`]*` )
      | (?P<sign> <= | >= | != | <> | = | < | > )
      | (?P<mark> [(),] )
      | (?P<word> [^\s"'`<>=!(),]+ )
      | (?P<end> \Z )
    )"""
)


class Token(NamedTuple):
    kind: str  # quoted, sign, mark, word, end
    text: str
    begin: int
    stop: int


@dataclass(frozen=True, slots=True)
class Name:
    """What is compared: `kind` is metric, param, tag or attribute, and `key` whatever somebody called it."""

    kind: str
    key: str


Value = float | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True)
class Comparison:
    """`sign` is =, !=, <, <=, >, >=, LIKE, ILIKE, IN, NOT IN, IS NULL or IS NOT NULL."""

    name: Name
    sign: str
    value: Value


def tokens(text: str) -> list[Token]:
    """The words of a text, with an end. Raises Refusal."""
    if len(text) > LONGEST:
        raise invalid(f"A filter has at most {LONGEST} characters, not {len(text)}.")
    found, at = [], 0
    while True:
        match = TOKEN.match(text, at)
        if match is None:
            raise _wrong(text, at, "a quotation mark that is closed nowhere, or a lone sign")
        kind = str(match.lastgroup)
        found.append(Token(kind, match[kind], match.start(kind), match.end()))
        if kind == "end":
            return found
        at = match.end()


class Reader:
    """Reads tokens one after the other."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tokens(text)
        self.at = 0

    @property
    def now(self) -> Token:
        return self.tokens[self.at]

    def take(self) -> Token:
        token = self.now
        self.at = min(self.at + 1, len(self.tokens) - 1)
        return token

    def keyword(self, *words: str) -> bool:
        """Take these words if they come next, in whatever case."""
        following = self.tokens[self.at : self.at + len(words)]
        there = [each.text.upper() for each in following if each.kind == "word"]
        if there != list(words):
            return False
        self.at += len(words)
        return True

    def mark(self, text: str) -> bool:
        """Take this punctuation mark if it comes next."""
        if (self.now.kind, self.now.text) != ("mark", text):
            return False
        self.take()
        return True

    def name(self) -> Name:
        """`metrics.loss`, `params."learning rate"`, `status`: the first dot ends the kind."""
        first = self.take()
        if first.kind == "quoted":
            return Name("attribute", _attribute(first.text[1:-1]))
        if first.kind != "word":
            raise self.wrong(first, "a name such as metrics.loss or attributes.status")
        kind, dot, key = first.text.partition(".")
        if not dot:
            return Name("attribute", _attribute(kind))
        if kind.lower() not in KINDS:
            raise self.wrong(first, "metrics., params., tags. or attributes. before the first dot")
        if not key:
            if self.now.kind != "quoted" or self.now.begin != first.stop:
                raise self.wrong(first, "a key after the dot")
            key = self.take().text[1:-1]
        kind = KINDS[kind.lower()]
        return Name(kind, _attribute(key) if kind == "attribute" else key)

    def wrong(self, token: Token, wanted: str) -> Refusal:
        """What to raise where something else stands than `wanted`."""
        return _wrong(self.text, token.begin, wanted, "expected ")


def parse(text: str) -> list[Comparison]:
    """All comparisons of a filter; every one has to hold. Raises Refusal."""
    reader = Reader(text)
    found: list[Comparison] = []
    while reader.now.kind != "end":
        if found and not reader.keyword("AND"):
            raise reader.wrong(
                reader.now, "AND or the end: MLflow's filters know no OR and no groups"
            )
        if len(found) == MOST:
            raise invalid(f"A filter has at most {MOST} comparisons.")
        found.append(_comparison(reader))
    return found


def order(text: str) -> tuple[Name, bool]:
    """`metrics.loss DESC`: what to sort by, and whether downwards. Raises Refusal."""
    reader = Reader(text)
    name = reader.name()
    downwards = reader.keyword("DESC")
    if not downwards:
        reader.keyword("ASC")
    if reader.now.kind != "end":
        raise reader.wrong(reader.now, "ASC, DESC or the end")
    return name, downwards


def _comparison(reader: Reader) -> Comparison:
    name = reader.name()
    if reader.keyword("IS", "NOT", "NULL"):
        return Comparison(name, "IS NOT NULL", None)
    if reader.keyword("IS", "NULL"):
        return Comparison(name, "IS NULL", None)
    for words in (("NOT", "IN"), ("IN",)):
        if reader.keyword(*words):
            return Comparison(name, " ".join(words), _list(reader))
    for word in ("LIKE", "ILIKE"):
        if reader.keyword(word):
            return Comparison(name, word, _text(reader))
    if reader.now.kind != "sign":
        raise reader.wrong(reader.now, "a sign such as = or <, LIKE, ILIKE or IN")
    sign = reader.take().text
    return Comparison(name, "!=" if sign == "<>" else sign, _value(reader))


def _value(reader: Reader) -> float | str:
    return _text(reader) if reader.now.kind == "quoted" else _number(reader)


def _text(reader: Reader) -> str:
    token = reader.take()
    if token.kind != "quoted":
        raise reader.wrong(token, "a text between quotation marks")
    return token.text[1:-1]


def _number(reader: Reader) -> float:
    token = reader.take()
    try:
        number = float(token.text)
    except ValueError:
        number = math.nan
    if token.kind != "word" or not math.isfinite(number):
        raise reader.wrong(token, "a number, or a text between quotation marks")
    return number


def _list(reader: Reader) -> tuple[str, ...]:
    if not reader.mark("("):
        raise reader.wrong(reader.now, "a list in parentheses")
    found = [_text(reader)]
    while reader.mark(","):
        if len(found) == MOST_LISTED:
            raise invalid(f"A list after IN has at most {MOST_LISTED} values.")
        found.append(_text(reader))
    if not reader.mark(")"):
        raise reader.wrong(reader.now, "a comma, or the parenthesis that closes the list")
    return tuple(found)


def _attribute(text: str) -> str:
    return ALIASES.get(text.lower(), text)


def _wrong(text: str, at: int, what: str, before: str = "") -> Refusal:
    there = text[at : at + 40]
    return invalid(f"Invalid filter at character {at + 1} ({there!r}): {before}{what}.")
