"""JSON as a tree of lists that unfold: keys and values are text, whatever stands in them."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe

from dashboard import words
from runs import storable

MOST = 2_000  # nodes
DEEPEST = 40
LONGEST = 2_000  # characters of a value
OPEN = 12  # a branch with no more leaves than that is unfolded from the beginning


@dataclass(frozen=True, slots=True)
class Tree:
    """`html` shows the first `shown` nodes; `more` are left out."""

    html: SafeString
    shown: int
    more: int


class _Count:
    def __init__(self, most: int) -> None:
        self.most, self.shown, self.more = most, 0, 0

    def take(self) -> bool:
        if self.shown >= self.most:
            self.more += 1
            return False
        self.shown += 1
        return True


def tree(value: Any, *, most: int = MOST) -> Tree:
    """The value as nested lists. An object's members carry their dotted key, by which a page searches them."""
    count = _Count(most)
    top = value if isinstance(value, (dict, list)) else [value]
    html = _branch(top, "", count, 0)
    return Tree(html, count.shown, count.more)


def _members(value: dict[Any, Any] | list[Any]) -> Iterable[tuple[str, Any]]:
    if isinstance(value, dict):
        return ((storable.text(str(key)), each) for key, each in value.items())
    return ((str(number), each) for number, each in enumerate(value))


def _branch(
    value: dict[Any, Any] | list[Any], prefix: str, count: _Count, depth: int
) -> SafeString:
    items = []
    for key, each in _members(value):
        if not count.take():
            continue
        items.append((_member(key, each, f"{prefix}{key}", count, depth),))
    return format_html('<ul class="tree">{}</ul>', format_html_join("", "{}", items))


def _member(key: str, value: Any, dotted: str, count: _Count, depth: int) -> SafeString:
    inner = isinstance(value, (dict, list)) and bool(value)
    if inner and depth < DEEPEST and not _is_plain(value):
        return format_html(
            '<li><details{}><summary><b>{}</b> <span class="soft">{}</span></summary>{}</details></li>',
            mark_safe(" open") if len(value) <= OPEN else "",
            key,
            _size(value),
            _branch(value, f"{dotted}.", count, depth + 1),
        )
    return format_html(
        '<li class="leaf" data-leaf="{}"><span class="key">{}</span> <span class="value is-{}">{}</span></li>',
        dotted,
        key,
        _kind(value),
        _text(value),
    )


def _is_plain(value: Any) -> bool:
    """A short list of numbers and words reads best in one line."""
    if not isinstance(value, list) or len(value) > 16:
        return False
    return all(not isinstance(each, (dict, list)) and len(str(each)) < 40 for each in value)


def _size(value: dict[Any, Any] | list[Any]) -> str:
    return words.plural(len(value), "key" if isinstance(value, dict) else "value")


def _kind(value: Any) -> str:
    if value is None or isinstance(value, bool):
        return "word"
    if isinstance(value, str):
        return "text"
    return "number" if isinstance(value, (int, float)) else "list"


def _text(value: Any) -> str:
    said = storable.text(words.json_line(value))
    if len(said) > LONGEST:
        return f"{said[:LONGEST]}… ({len(said)} characters)"
    return said
