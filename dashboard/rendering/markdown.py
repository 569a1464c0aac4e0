"""Markdown as a page shows it.

Two walls: markdown-it-py is told to take HTML for text and images for links, and nh3 then lets through a short list of
elements and attributes alone. A page's own policy (no inline script, no foreign image) is the third.
"""

import re
from collections.abc import Iterator
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt
from markdown_it.rules_block import StateBlock
from markdown_it.rules_block.table import table as _table
from markdown_it.rules_core import StateCore
from markdown_it.token import Token

from dashboard.rendering import code

LONGEST = 64 * 1024  # characters: brackets that open and never close take quadratic time
CELLS_MOST = 5_000  # of all tables in a text: short rows are filled up to the heading's width
WRITTEN_MOST = 1024 * 1024  # characters: a definition that is named often is written out as often
FULL = "full"  # in a text's environment: its tables hold as many cells as may be shown
HIGHEST = 3  # the page has a heading of its own, and so has the panel
TAGS = {
    *("p", "br", "hr", "h3", "h4", "h5", "h6", "blockquote", "pre", "code", "span"),
    *("em", "strong", "s", "ul", "ol", "li", "a"),
    *("table", "thead", "tbody", "tr", "th", "td"),
}
ATTRIBUTES = {"a": {"href", "title"}, "span": {"class"}, "ol": {"start"}}
SCHEMES = {"http", "https", "mailto"}
TOO_MANY_CELLS = f"Tables beyond {CELLS_MOST:,} cells are shown as text."
TOO_LONG = "Written out, this is too long for a page: it is shown as it was typed."
RELATION = "nofollow noopener noreferrer"
ADDRESS = re.compile(r"""https?://[^\s<>"'`\\^{|}\x00-\x1f]+""")
ENDS = ".,;:!?)]*_~"  # of a sentence rather than of an address


def _highlighted(text: str, name: str, _attributes: str) -> str:
    return "\n".join(code.lines(text, language=name))


def _lower(state: StateCore) -> None:
    """Headings stand below those of the page, each at most one level below the one before it."""
    levels: list[int] = []  # of the author's headings around this one
    for token in state.tokens:
        if token.type == "heading_open":
            own = int(token.tag[1])
            levels = [*(level for level in levels if level < own), own]
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(HIGHEST - 1 + len(levels), 6)}"


def _link(state: StateCore) -> None:
    """Addresses that simply stand in a sentence become links."""
    for token in state.tokens:
        if token.type == "inline" and token.children and "://" in token.content:
            token.children = [*_with_links(token.children)]


def _with_links(tokens: list[Token]) -> Iterator[Token]:
    depth = 0
    for token in tokens:
        depth += token.nesting if token.type in ("link_open", "link_close") else 0
        if token.type == "text" and depth == 0:
            yield from _split(token.content)
        else:
            yield token


def _split(text: str) -> Iterator[Token]:
    done = 0
    for found in ADDRESS.finditer(text):
        address = found[0].rstrip(ENDS)
        yield Token("text", "", 0, content=text[done : found.start()])
        yield Token("link_open", "a", 1, attrs={"href": address})
        yield Token("text", "", 0, content=address)
        yield Token("link_close", "a", -1)
        done = found.start() + len(address)
    yield Token("text", "", 0, content=text[done:])


def _bounded(state: StateBlock, start: int, end: int, silent: bool) -> bool:  # noqa: FBT001
    """The rule of tables, until there are too many cells; what comes then stays text."""
    if state.env.get(FULL):
        return False
    if silent or not _table(state, start, end, silent=True):
        return _table(state, start, end, silent)
    state.env["cells"] = state.env.get("cells", 0) + _cells(state, start, end)
    if state.env["cells"] > CELLS_MOST:
        state.env[FULL] = True
        return False
    return _table(state, start, end, silent=False)


def _cells(state: StateBlock, start: int, end: int) -> int:
    """At most so many cells has the table that starts there: it reaches to the next empty line."""
    marks = state.src[state.bMarks[start + 1] : state.eMarks[start + 1]]
    last = next((line for line in range(start, end) if state.isEmpty(line)), end)
    return (marks.strip().strip("|").count("|") + 1) * (last - start)


def _reader() -> MarkdownIt:
    reader = MarkdownIt("commonmark", {"html": False, "highlight": _highlighted})
    reader.enable(["table", "strikethrough"])
    reader.disable(["image", "html_block", "html_inline"])
    # Where a paragraph or a quote may be ended by a table, the bounded rule decides that too.
    reader.block.ruler.at("table", _bounded, {"alt": ["paragraph", "reference"]})
    reader.core.ruler.push("lower", _lower)
    reader.core.ruler.push("addresses", _link)
    return reader


_READER = _reader()


def html(text: str) -> SafeString:
    """The text as HTML that holds nothing but text, emphasis, lists, tables, code and links."""
    told: dict[str, Any] = {}
    tokens = _READER.parse(text[:LONGEST], told)
    if sum(map(_size, tokens)) > WRITTEN_MOST:
        return _plain(text[:LONGEST])
    rendered = _READER.renderer.render(tokens, _READER.options, told)
    if told.get(FULL):
        rendered = f"<p><em>{TOO_MANY_CELLS}</em></p>\n{rendered}"
    return _clean(rendered)


def _size(token: Token) -> int:
    """Characters that it becomes, more or less."""
    own = len(token.content) + sum(len(str(value)) for value in token.attrs.values())
    return own + len(token.tag) + sum(map(_size, token.children or ()))


def _plain(text: str) -> SafeString:
    return mark_safe(f"<p><em>{TOO_LONG}</em></p><pre>{escape(text)}</pre>")  # noqa: S308  (escaped)


def _clean(rendered: str) -> SafeString:
    clean = nh3.clean(
        rendered,
        tags=TAGS,
        attributes=ATTRIBUTES,
        url_schemes=SCHEMES,
        link_rel=RELATION,
        clean_content_tags={"script", "style"},
    )
    return mark_safe(clean)  # noqa: S308  (what nh3 let through)
