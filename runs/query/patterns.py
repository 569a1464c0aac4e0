"""Regular expressions of filters: what RE2 and PostgreSQL both understand, so a filter means the same everywhere.

RE2 searches in time linear in the text (https://swtch.com/~rsc/regexp/regexp1.html): no pattern can hang a server.
SQLite asks RE2 through a function of our connections. PostgreSQL has its own machine, which gets nothing that RE2
refuses, and the time limit of `runs.query.limits`.
"""

import re
from functools import lru_cache
from typing import Any

import re2
from django.db.models import BooleanField, Func

from runs.errors import QueryError
from runs.query.syntax import Literal

LONGEST = 500  # characters of a pattern
MEMORY = 1024 * 1024  # bytes that RE2 may use for one
MOST_REPEATS = 255  # PostgreSQL's limit
FUNCTION = "whirr_matches"
# Escapes that both know, with what PostgreSQL writes for them.
ESCAPES = {**{each: "\\" + each for each in "dDwWsSntrfvA"}, "b": r"\y", "B": r"\Y", "z": r"\Z"}
# A class at an end of a range: RE2 reads the dash as itself, PostgreSQL refuses it.
CLASS_IN_RANGE = re.compile(r"(?:\\[dDwWsS]|:\])-(?!\])|(?<!^\[)(?<!^\[\^)-(?:\\[dDwWsS]|\[:)")
QUANTIFIER = re.compile(r"\{([0-9]{1,3})(?:,([0-9]{0,3}))?\}")
TOKEN = re.compile(
    r"""(?sx)
    \\(?P<escape>.)
    | (?P<set>\[\^?\]?(?:\[:\w+:\]|\\.|[^\]\\])*\])
    | (?P<group>\(\?(?:[a-zA-Z]*:|[^):]{0,20}))
    | (?P<braces>\{[^}]*\}?)
    | (?P<anchor>[\^$])
    | (?P<times>[*+?])
    | (?P<plain>.)
    """
)


def checked(literal: Literal) -> str:
    """The pattern as PostgreSQL writes it. Raises QueryError where it is none that both databases understand."""
    pattern = literal.text
    if len(pattern) > LONGEST:
        raise _wrong(literal, f"a pattern has at most {LONGEST} characters, not {len(pattern)}")
    try:
        compiled(pattern)
    except re2.error as error:
        told = error.args[0] if error.args else error
        told = told.decode(errors="replace") if isinstance(told, bytes) else str(told)
        raise _wrong(literal, f"this is no regular expression that ends for sure: {told}") from None
    return _translated(literal, pattern)


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Any:
    """The pattern for RE2. Raises re2.error."""
    options = re2.Options()
    options.dot_nl = True  # as in PostgreSQL
    options.max_mem = MEMORY
    options.log_errors = False
    return re2.compile(pattern, options)


def matches(pattern: str | None, text: str | None) -> bool | None:
    """Whether the pattern is found somewhere in the text; None where there is none. The function of SQLite."""
    if pattern is None or not isinstance(text, str):
        return None
    return compiled(pattern).search(text) is not None


class Matches(Func):
    """Whether a text has something that looks like the pattern. `for_postgres` comes from `checked`."""

    output_field = BooleanField()

    def __init__(self, text: Any, pattern: str, for_postgres: str) -> None:
        super().__init__(text)
        self.pattern = pattern
        self.for_postgres = for_postgres

    def as_sqlite(self, compiler: Any, connection: Any, **context: Any) -> Any:
        sql, given = compiler.compile(self.source_expressions[0])
        return f"{FUNCTION}(%s, {sql})", [self.pattern, *given]

    def as_postgresql(
        self, compiler: Any, connection: Any, **context: Any
    ) -> tuple[str, list[Any]]:
        sql, given = compiler.compile(self.source_expressions[0])
        return f"({sql}) ~ %s", [*given, self.for_postgres]

    @property
    def identity(self) -> tuple[Any, ...]:
        return (type(self), self.pattern, *(repr(each) for each in self.source_expressions))


def of_literal(text: Any, literal: Literal) -> Matches:
    """The condition. Raises QueryError."""
    return Matches(text, literal.text, checked(literal))


def _translated(literal: Literal, pattern: str) -> str:
    out: list[str] = []
    stands = False  # something that can be repeated comes before
    for match in TOKEN.finditer(pattern):
        kind, text = str(match.lastgroup), match.group()
        if kind in ("times", "braces") and not stands and text != "?":
            raise _wrong(literal, f"{text} repeats nothing here")
        out.append(_piece(literal, kind, text, first=match.start() == 0))
        if kind == "anchor" or (kind == "escape" and text[1] in "bBAz"):
            stands = False
        elif kind != "times" and kind != "braces":
            stands = text not in ("(", "|") and kind != "group"
    return "".join(out)


def _piece(literal: Literal, kind: str, text: str, *, first: bool) -> str:
    if kind == "escape":
        char = text[1]
        if char in ESCAPES:
            return ESCAPES[char]
        if char.isalnum() or ord(char) > 127:
            raise _wrong(literal, f"\\{char} is not understood on every database")
        return text
    if kind == "set" and _is_odd_set(text):
        raise _wrong(
            literal, f"the set {text} is not understood on every database", "keep it simple"
        )
    if kind == "group" and text != "(?:" and not (first and text == "(?i"):
        raise _wrong(
            literal, f"{text} is not understood on every database", "(?: and (?i) at the start are"
        )
    if kind == "braces":
        limits = QUANTIFIER.match(text)
        numbers = [int(each) for each in limits.groups() if each] if limits else [MOST_REPEATS + 1]
        if max(numbers) > MOST_REPEATS:
            raise _wrong(
                literal,
                f"{text} is no number of repeats up to {MOST_REPEATS}",
                "a brace is written \\{",
            )
    return text


def _is_odd_set(text: str) -> bool:
    return bool(
        re.search(r"\\[^\W_dswntrfv]", text)
        or re.search(r"\[[^:]", text[1:])
        or CLASS_IN_RANGE.search(text)
    )


def _wrong(literal: Literal, detail: str, hint: str = "") -> QueryError:
    return QueryError(detail, at=literal.at, length=max(1, literal.stop - literal.at), hint=hint)
