"""The beginning of a text, as long as is asked for, in numbered lines."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from dashboard.rendering import code, markdown
from runs.contents import Content

FIRST = 256 * 1024  # bytes
MOST = 4 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Text:
    """The first `shown` bytes of `size`. `more` is what to ask for next; 0 where there is no more, or too much."""

    lines: list[SafeString]
    shown: int
    size: int
    language: str
    rendered: SafeString | str = ""  # Markdown

    @property
    def left(self) -> int:
        return self.size - self.shown

    @property
    def more(self) -> int:
        return min(self.shown * 4, MOST) if self.left and self.shown < MOST else 0


def text(content: Content, name: str, *, limit: int = FIRST, as_markdown: bool = False) -> Text:
    """A text from its first byte on, cut at the end of a line where it is cut at all."""
    data = beginning(content, min(max(limit, 1), MOST))
    said = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    language = code.language_of(name)
    rendered = markdown.html(said) if as_markdown else ""
    shown = said.removesuffix("\n")
    return Text(code.lines(shown, language=language), len(data), content.size, language, rendered)


def beginning(content: Content, limit: int) -> bytes:
    """Up to `limit` bytes, in whole lines if there is more than that."""
    size = min(content.size, limit)
    with content.opened(0, size) as file:
        data = file.read(size)
    if len(data) < content.size and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    return data
