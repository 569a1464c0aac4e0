"""Source text with its parts told apart by classes; `code.css` gives them colours."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LONGEST = 128 * 1024  # characters that are told apart; what is longer stays plain
LONGEST_LINE = 4_000  # of minified code: no lexer is made for it
# A short list: every one of these has been looked at with hostile input, and none is loaded for what nobody has.
LANGUAGES = {
    **dict.fromkeys(("py", "pyi", "python", "python3"), "python"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("sh", "bash", "zsh", "slurm", "shell"), "bash"),
    **dict.fromkeys(("ini", "cfg", "conf"), "ini"),
    **dict.fromkeys(("md", "markdown"), "markdown"),
    **dict.fromkeys(("c", "h"), "c"),
    **dict.fromkeys(("cc", "cpp", "cxx", "hpp"), "cpp"),
    **dict.fromkeys(("cu", "cuh", "cuda"), "cuda"),
    **dict.fromkeys(("js", "mjs", "javascript"), "javascript"),
    **dict.fromkeys(("html", "htm"), "html"),
    **dict.fromkeys(("xml", "svg"), "xml"),
    **dict.fromkeys(("json", "jsonl", "ipynb"), "json"),
    **dict.fromkeys(("rs", "rust"), "rust"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **{"toml": "toml", "css": "css", "sql": "sql", "go": "go", "r": "r", "jl": "julia"},
    **{"dockerfile": "docker", "makefile": "make", "tex": "latex", "java": "java", "lua": "lua"},
}
_FORMAT = HtmlFormatter(nowrap=True)


def language_of(name: str) -> str:
    """What a file of that name is written in; empty where nobody knows."""
    file = PurePosixPath(name.lower())
    return LANGUAGES.get(file.suffix.lstrip("."), "") or LANGUAGES.get(file.name, "")


def lines(text: str, *, language: str = "") -> list[SafeString]:
    """The lines of a text, each by itself well-formed HTML of text and spans; as many as the text has."""
    known = LANGUAGES.get(language.lower(), "")
    told = text.split("\n")
    short = len(text) <= LONGEST and max(map(len, told)) <= LONGEST_LINE
    marked = _marked(text, known) if known and short else []
    if len(marked) == len(told):
        return marked
    return [escape(line) for line in told]


def _marked(text: str, language: str) -> list[SafeString]:
    try:
        lexer = get_lexer_by_name(language, stripnl=False, ensurenl=False)
    except ClassNotFound:
        return []
    found = highlight(text, lexer, _FORMAT)
    if not text.endswith("\n"):
        found = found.removesuffix("\n")  # the formatter ends each line
    return [mark_safe(line) for line in found.split("\n")]  # noqa: S308  (Pygments escapes what it marks)


def numbered(shown: Iterable[SafeString]) -> SafeString:
    """Rows of a table, a line each, with its number. Joined by hand: a template takes forty times as long."""
    rows = (
        f'<tr><td class="at" data-at="{number}"></td><td class="src">{line}</td></tr>'
        for number, line in enumerate(shown, 1)
    )
    return mark_safe("".join(rows))  # noqa: S308  (the lines are marked or escaped already)
