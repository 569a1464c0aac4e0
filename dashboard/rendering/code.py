"""Source text with its parts told apart by classes; `code.css` gives them colours."""

from collections.abc import Iterable
from pathlib import PurePosixPath

from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from pygments import highlight
from pygments.formatters import HtmlFormatter
from pygments.lexers import get_lexer_by_name
from pygments.util import ClassNotFound

LONGEST = 32 * 1024  # characters that are told apart; what comes after them stays plain
LONGEST_LINE = 1_000  # some lexers need quadratic time for a line, and nothing can stop them in it
BLANK_MOST = 50  # lines in a row: the lexers of C and Python look through all of them from each one
# A short list: every one of these has been looked at with hostile input, and none is loaded for what nobody has. Not
# among them: Java, Go and Markdown, whose lexers take seconds for "a<", "/*" or "[" thousands of times.
LANGUAGES = {
    **dict.fromkeys(("py", "pyi", "python", "python3"), "python"),
    **dict.fromkeys(("yaml", "yml"), "yaml"),
    **dict.fromkeys(("sh", "bash", "zsh", "slurm", "shell"), "bash"),
    **dict.fromkeys(("ini", "cfg", "conf"), "ini"),
    **dict.fromkeys(("c", "h"), "c"),
    **dict.fromkeys(("cc", "cpp", "cxx", "hpp"), "cpp"),
    **dict.fromkeys(("cu", "cuh", "cuda"), "cuda"),
    **dict.fromkeys(("js", "mjs", "javascript"), "javascript"),
    **dict.fromkeys(("html", "htm"), "html"),
    **dict.fromkeys(("xml", "svg"), "xml"),
    **dict.fromkeys(("json", "jsonl", "ipynb"), "json"),
    **dict.fromkeys(("rs", "rust"), "rust"),
    **dict.fromkeys(("diff", "patch"), "diff"),
    **{"toml": "toml", "css": "css", "sql": "sql", "r": "r", "jl": "julia"},
    **{"dockerfile": "docker", "makefile": "make", "tex": "latex", "lua": "lua"},
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
    first = _beginning(told) if known else 0
    marked = _marked("\n".join(told[:first]), known) if first else []
    if len(marked) != first:
        marked = []
    return [*marked, *(escape(line) for line in told[len(marked) :])]


def _beginning(told: list[str]) -> int:
    """How many lines, from the first on, a lexer is given."""
    left, blank = LONGEST, 0
    for number, line in enumerate(told):
        left -= len(line) + 1
        blank = 0 if line.strip() else blank + 1
        if left < -1 or len(line) > LONGEST_LINE or blank > BLANK_MOST:
            return number
    return len(told)


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
