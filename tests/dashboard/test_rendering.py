"""Texts of others become marked-up text and nothing else: no element, no attribute, no address of their choosing."""

import re

import pytest

from dashboard.rendering import code, markdown, trees

ALLOWED = re.compile(
    r'</?(?:p|br|hr|h[3-6]|blockquote|pre|code|em|strong|s|ul|ol(?: start="\d+")?|li|table|thead|tbody|tr|th|td)>'
    r'|<br>|<hr>|</?span(?: class="[\w -]*")?>|</a>'
    r'|<a href="(?:https?://|mailto:|/|#)[^"<>]*"(?: title="[^"<>]*")? rel="nofollow noopener noreferrer">'
    r'|<a(?: title="[^"<>]*")? rel="nofollow noopener noreferrer">'
)
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "![x](https://evil.example/x.png)",
    "![x](javascript:alert(1))",
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:x)",
    "[x](https://a.example 'onmouseover=alert(1)')",
    '[x](https://a.example/"onmouseover="alert(1))',
    '<https://a.example/"onclick=alert(1)>',
    "https://a.example/'onclick=alert(1)'<b>",
    "[x]: javascript:alert(1)\n\n[x]",
    "```html\n<script>alert(1)</script>\n```",
    "```<script>\nx\n```",
    "`<b>`",
    "| <b> | a |\n|:--|--:|\n| <script> | [x](javascript:1) |",
    "<style>body{display:none}</style>",
    "<iframe src=/x></iframe>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "# <h1 onclick=x>",
    "a\x00b\x1b[31m",
    "[" * 5000,
    "*" * 5000,
    "> " * 2000,
    "- " * 2000,
]


@pytest.mark.parametrize("text", HOSTILE)
def test_markdown_makes_no_element_of_its_own(text: str) -> None:
    left = ALLOWED.sub("", markdown.html(text))
    assert "<" not in left, left
    assert "javascript:" not in "".join(re.findall(r'href="([^"]*)"', markdown.html(text).lower()))


def test_what_markdown_is_for_works() -> None:
    html = markdown.html("# Top\n\n**b** https://a.example/x). [r](/runs/job-1/)\n\n1. one\n")
    assert "<h3>Top</h3>" in html
    assert "<strong>b</strong>" in html
    assert '<a href="https://a.example/x" rel="nofollow noopener noreferrer">' in html
    assert '<a href="/runs/job-1/" rel=' in html
    assert "<li>one</li>" in html


@pytest.mark.parametrize("language", sorted({*code.LANGUAGES.values(), "", "nonsense"}))
def test_code_has_as_many_lines_as_its_text_and_escapes_them(language: str) -> None:
    text = '\n\n<script>alert(\'x\')</script>\n  """a\n\n<b>\n"""\n\ndef f(): pass\n\n'
    lines = code.lines(text, language=language)
    assert len(lines) == text.count("\n") + 1
    assert "<" not in re.sub(r'</?span(?: class="[\w -]*")?>', "", "".join(lines))
    for line in lines:
        assert line.count("<span") == line.count("</span>"), line


def test_what_is_too_long_for_a_lexer_stays_plain() -> None:
    for text in ("x = 1\n" * 60_000, f"x = 1\n{'x = 1;' * 1000}", "x\n" + "\n" * 9_000 + "y = 1"):
        lines = code.lines(text, language="py")
        assert "<span" in lines[0]
        assert "<span" not in lines[-1]
        assert len(lines) == text.count("\n") + 1


def test_a_lexer_is_given_no_more_than_it_can_read(monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[str] = []

    def marked(text: str, _language: str) -> list[str]:
        given.append(text)
        return text.split("\n")

    monkeypatch.setattr(code, "_marked", marked)
    for text in ("a<" * 2000, "a<\n" * 20_000, "\n" * 40_000, "x" * 900 + "\n" + "y" * 2000):
        code.lines(text, language="c")
    assert max(map(len, given)) <= code.LONGEST
    assert max(len(line) for text in given for line in text.split("\n")) <= code.LONGEST_LINE
    assert max(text.count("\n\n") for text in given) <= code.BLANK_MOST
    assert [code.language_of(name) for name in ("A.java", "a.go", "a.md")] == ["", "", ""]


@pytest.mark.parametrize("before", ["", "> ", "- "])
def test_tables_that_fill_up_short_rows_are_bounded(before: str) -> None:
    wide = f"{before}{'|a' * 200}|\n{before}{'|-' * 200}|\n"
    inner = "  " if before == "- " else before
    bomb = wide.replace("\n- ", "\n  ") + f"{inner}|x\n" * 400
    html = markdown.html(f"{bomb}\n\n{bomb}\n\n|a|b|\n|-|-|\n|1|2|")
    assert html.count("<td") + html.count("<th>") <= markdown.CELLS_MOST
    assert markdown.TOO_MANY_CELLS in html
    small = markdown.html("|a|b|\n|-|-|\n" + "|1|2|\n" * 50)
    assert small.count("<td>") == 100
    assert markdown.TOO_MANY_CELLS not in small


def test_a_definition_that_is_named_thousands_of_times_is_not_written_out_as_often() -> None:
    html = markdown.html(f"[x]: http://a.example/{'y' * 9_000}\n\n" + "[x] " * 10_000)
    assert len(html) < 2 * markdown.LONGEST
    assert markdown.TOO_LONG in html


def test_a_tree_folds_is_bounded_and_says_what_is_left_out() -> None:
    value = {"a": {"<b>": [1, 2.5, None]}, "list": [{"x": {"y": True}}]}
    made = trees.tree(value)
    assert 'data-leaf="a.&lt;b&gt;"' in made.html
    assert "[1, 2.5, null]" in made.html
    assert 'data-leaf="list.0.x.y"' in made.html
    assert (made.shown, made.more) == (6, 0)
    large = trees.tree({str(number): number for number in range(3000)})
    assert (large.shown, large.more) == (2000, 1000)
    deep: dict[str, object] = {}
    for _ in range(90):
        deep = {"d": deep or 1}
    assert "data-leaf" in trees.tree(deep).html


def test_a_tree_of_halves_of_characters_and_of_thousands_of_levels_can_be_sent() -> None:
    html = trees.tree({"\ud800": "\udfff", "list": ["\ud800"]}).html
    assert html.encode().count("\N{REPLACEMENT CHARACTER}".encode()) >= 4
    deep: list[object] = []
    for _ in range(3000):
        deep = [deep]
    assert "nested too deeply" in trees.tree(deep).html
