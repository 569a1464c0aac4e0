"""A filter's text read into a tree: from left to right, once, without going back. Plain Python, no Django.

    either  = all ("OR" all)*
    all     = unary (["AND"] unary)*
    unary   = ("NOT" | "-") unary | "(" either ")" | leaf
    leaf    = name sign value | name ["NOT"] "in" "(" value ("," value)* ")" | name "exists" | word
    name    = segment ("." segment)*          a segment may stand between quotation marks

What a word is depends on what is expected: `2026-01-15T12:00` is one behind a sign, and none before it. So there is no
separate list of tokens.
"""

import re

from runs.errors import QueryError
from runs.query.naming import named, named_by
from runs.query.syntax import (
    KEYWORDS,
    All,
    Among,
    AnyOf,
    Compare,
    Has,
    Leaf,
    Literal,
    Name,
    Node,
    Not,
    Words,
)

LONGEST = 4000  # characters of a filter
MOST = 100  # comparisons in it
DEEPEST = 20  # parentheses and NOTs inside each other
MOST_LISTED = 500  # values after `in`

SPACE = re.compile(r"\s*")
SIGN = re.compile(r"!=|!~|<=|>=|==|[:=<>~]")
NOT_IN = re.compile(r"not\s+in\s*(?=\()", re.IGNORECASE)
SEGMENT = re.compile(r"""[^\s"'(),:=!<>~.]*""")
QUOTED = re.compile(r""""((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'""", re.DOTALL)
VALUE = re.compile(r"""[^\s"'(),]+""")
ESCAPED = re.compile(r"""\\(["'\\])""")


def parse(text: str) -> Node:
    """The tree of a filter; `All(())` for an empty one. Raises QueryError and nothing else."""
    if len(text) > LONGEST:
        raise QueryError(
            f"a filter has at most {LONGEST} characters, not {len(text)}",
            at=LONGEST,
            length=len(text) - LONGEST,
        )
    return Reader(text).whole()


class Reader:
    """Reads a text; `at` is the next character."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.depth = 0
        self.count = 0

    def whole(self) -> Node:
        """All of the text."""
        self.skip()
        if self.at == len(self.text):
            return All(())
        node = self.either()
        if self.at < len(self.text):
            raise self.wrong("this parenthesis closes nothing", "take it away, or open one before")
        return node

    def either(self) -> Node:
        begin = self.at
        parts = [self.all()]
        while self.keyword("or"):
            parts.append(self.all())
        if len(parts) == 1:
            return parts[0]
        flat = [
            each for part in parts for each in (part.parts if isinstance(part, AnyOf) else (part,))
        ]
        return AnyOf(tuple(flat), begin, self.ended())

    def all(self) -> Node:
        begin = self.at
        parts = [self.unary()]
        while self.at < len(self.text) and self.text[self.at] != ")" and not self.sees("or"):
            self.keyword("and")
            parts.append(self.unary())
        if len(parts) == 1:
            return parts[0]
        flat = [
            each for part in parts for each in (part.parts if isinstance(part, All) else (part,))
        ]
        return All(tuple(flat), begin, self.ended())

    def unary(self) -> Node:
        begin = self.at
        self.depth += 1
        if self.depth > DEEPEST:
            raise self.wrong(f"more than {DEEPEST} parentheses and NOTs stand inside each other")
        try:
            if self.keyword("not"):
                return Not(self.unary(), begin, self.ended())
            if self.text[self.at : self.at + 1] == "-":
                self.at += 1
                return Not(self.unary(), begin, self.ended())
            if self.text[self.at : self.at + 1] == "(":
                return self.group()
            return self.leaf()
        finally:
            self.depth -= 1

    def group(self) -> Node:
        opened = self.at
        self.at += 1
        self.skip()
        node = self.either()
        if self.text[self.at : self.at + 1] != ")":
            raise QueryError(
                "this parenthesis is never closed", at=opened, length=1, hint="add a ) behind it"
            )
        self.at += 1
        self.skip()
        return node

    def leaf(self) -> Leaf | Not:
        begin = self.at
        self.count += 1
        if self.count > MOST:
            raise self.wrong(f"a filter has at most {MOST} comparisons")
        segments = self.segments()
        name = named_by(segments, begin, self.at)
        self.skip()
        sign = SIGN.match(self.text, self.at)
        if sign:
            self.at = sign.end()
            self.skip()
            value = self.value(f"a value is missing behind {sign.group()}")
            self.skip()
            meant = "=" if sign.group() == "==" else sign.group()
            return Compare(named(name), meant, value, begin, value.stop)
        return self.worded(name, segments)

    def worded(self, name: Name, segments: list[tuple[str, bool]]) -> Leaf | Not:
        """What is no comparison by a sign."""
        begin, stop = name.at, name.stop
        if segments[0][0].lower() in KEYWORDS and segments == [(segments[0][0], False)]:
            raise QueryError(
                f"{segments[0][0]} cannot stand here",
                at=begin,
                length=stop - begin,
                hint="put it between quotation marks to look for the word",
            )
        if self.keyword("exists"):
            return Has(named(name), begin, self.ended())
        negated = NOT_IN.match(self.text, self.at)
        if negated:
            self.at = negated.end()
        if negated or self.keyword("in"):
            among = Among(named(name), self.listed(), begin, self.ended())
            return Not(among, begin, self.ended()) if negated else among
        if self.text[self.at : self.at + 1] == "!":
            raise self.wrong("a lone ! means nothing", "write != or !~, or NOT before the name")
        return Words(".".join(text for text, _ in segments), begin, stop)

    def listed(self) -> tuple[Literal, ...]:
        if self.text[self.at : self.at + 1] != "(":
            raise self.wrong("a list is missing behind in", "write in (a, b)")
        opened = self.at
        values: list[Literal] = []
        while not values or self.text[self.at : self.at + 1] == ",":
            self.at += 1
            self.skip()
            values.append(self.value("a value is missing in this list"))
            self.skip()
            if len(values) > MOST_LISTED:
                raise self.wrong(f"a list has at most {MOST_LISTED} values")
        if self.text[self.at : self.at + 1] != ")":
            if self.at < len(self.text):
                raise self.wrong("a comma or ) is missing here", "write in (a, b)")
            raise QueryError("this list is never closed", at=opened, length=1, hint="add a )")
        self.at += 1
        self.skip()
        return tuple(values)

    def value(self, missing: str) -> Literal:
        begin = self.at
        quoted = self.quoted()
        if quoted is not None:
            return Literal(quoted, quoted=True, at=begin, stop=self.at)
        plain = VALUE.match(self.text, self.at)
        if plain is None:
            raise self.wrong(missing, 'an empty text is written ""')
        self.at = plain.end()
        return Literal(plain.group(), at=begin, stop=self.at)

    def segments(self) -> list[tuple[str, bool]]:
        """The parts of a dotted name, each with whether it stood between quotation marks."""
        begin, found = self.at, []
        while True:
            quoted = self.quoted()
            if quoted is None:
                match = SEGMENT.match(self.text, self.at)
                self.at = match.end() if match else self.at
                found.append((match.group() if match else "", False))
            else:
                found.append((quoted, True))
            if self.text[self.at : self.at + 1] != ".":
                break
            self.at += 1
        if self.at == begin or not any(text for text, _ in found):
            raise self.unexpected(begin)
        return found

    def quoted(self) -> str | None:
        """A text between quotation marks, if one begins here."""
        if self.text[self.at : self.at + 1] not in ('"', "'"):
            return None
        match = QUOTED.match(self.text, self.at)
        if match is None:
            raise QueryError(
                "this quotation mark is never closed",
                at=self.at,
                length=1,
                hint=f"add a {self.text[self.at]} at the end of the text",
            )
        self.at = match.end()
        return ESCAPED.sub(r"\1", match[1] if match[1] is not None else match[2])

    def skip(self) -> None:
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def ended(self) -> int:
        """Where what was read last ends, the space behind it aside."""
        return len(self.text[: self.at].rstrip())

    def sees(self, word: str) -> bool:
        """Whether this keyword comes next, and is none of a comparison's names."""
        match = SEGMENT.match(self.text, self.at)
        if match is None or match.group().lower() != word:
            return False
        following = self.text[match.end() : match.end() + 1]
        if following == ".":
            return False
        return not SIGN.match(self.text, _after_space(self.text, match.end()))

    def keyword(self, word: str) -> bool:
        """Take this keyword if it comes next."""
        if not self.sees(word):
            return False
        self.at += len(word)
        self.skip()
        return True

    def unexpected(self, begin: int) -> QueryError:
        """Something stands where a condition should."""
        self.at = begin
        if begin >= len(self.text):
            return QueryError(
                "a condition is missing at the end",
                at=begin,
                length=1,
                hint="write one, or take away what stands before",
            )
        sign = SIGN.match(self.text, begin)
        if sign:
            return QueryError(
                f"a name is missing before {sign.group()}", at=begin, length=len(sign.group())
            )
        told = {
            ",": "write in (a, b) for one of several values",
            ")": "a condition is missing before it",
        }
        char = self.text[begin]
        return self.wrong(
            f"{char} cannot stand here", told.get(char, "put it between quotation marks")
        )

    def wrong(self, detail: str, hint: str = "") -> QueryError:
        return QueryError(detail, at=self.at, length=1, hint=hint)


def _after_space(text: str, at: int) -> int:
    match = SPACE.match(text, at)
    return match.end() if match else at
