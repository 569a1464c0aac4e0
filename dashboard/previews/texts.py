"""The beginning of a text, as long as is asked for, in numbered lines."""

from dataclasses import dataclass

from django.utils.safestring import SafeString

from dashboard.rendering import code, markdown
from runs.contents import Content

FIRST = 256 * 1024  # bytes
MOST = 4 * 1024 * 1024
LINES_FIRST, LINES_MOST = 5_000, 50_000


@dataclass(frozen=True, slots=True)
class Text:
    """The first `shown` bytes of `size`, in `count` lines, as rows of a table. `asked`: how many bytes were wanted."""

    rows: SafeString
    count: int
    shown: int
    size: int
    asked: int
    rendered: SafeString | str = ""  # Markdown

    @property
    def left(self) -> int:
        return self.size - self.shown

    @property
    def more(self) -> int:
        """How many bytes to ask for next; 0 where there are no more, or no more are shown."""
        return min(self.asked * 4, MOST) if self.left and self.asked < MOST else 0


def text(content: Content, name: str, *, limit: int = FIRST, as_markdown: bool = False) -> Text:
    """A text from its first byte on, cut at the end of a line where it is cut at all."""
    asked = min(max(limit, 1), MOST)
    data = _lines(beginning(content, asked), LINES_FIRST if asked <= FIRST else LINES_MOST)
    said = data.decode("utf-8", errors="replace").replace("\r\n", "\n")
    shown = said.removesuffix("\n")
    lines = code.lines(shown, language=code.language_of(name))
    short = len(said) <= markdown.LONGEST and len(data) == content.size
    rendered = markdown.html(said) if as_markdown and short else ""
    return Text(code.numbered(lines), len(lines), len(data), content.size, asked, rendered)


def _lines(data: bytes, most: int) -> bytes:
    """The first lines of it."""
    parts = data.split(b"\n", most)
    return data[: len(data) - len(parts[-1])] if len(parts) > most else data


def beginning(content: Content, limit: int) -> bytes:
    """Up to `limit` bytes, in whole lines if there is more than that."""
    size = min(content.size, limit)
    with content.opened(0, size) as file:
        data = file.read(size)
    if len(data) < content.size and b"\n" in data:
        data = data[: data.rindex(b"\n") + 1]
    return data
