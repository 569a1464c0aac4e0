"""Patterns that find metrics: what the browser's own finds, and none that hangs a tab."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser

from tests.browser.calling import Call, calling
from tests.browser.modules import empty_page

NAMES = [
    "train/loss",
    "val/Loss(1)",
    "acc",
    "a-b",
    "aaa",
    "x{,5}",
    "",
    "top 5",
    "tab\tbed",
    "10.5%",
]
PATTERNS = [
    *[".*/loss", "^val/", "loss$", "^$", "LOSS", "a{3}", "^a{1,2}$", "a{2,}", "x{,5}", "a{0}b"],
    *["(train|val)?/l", "(a|b)+$", "^(?:a|c)*$", "()|q", "(a*)*b", "(|a)+c", r"\bloss\b", r"s\B"],
    *["[a-c]c", "[^a-z]", "[]", "[^]{9}", r"[\]-]", r"\d+\.\d", r"\(1\)", r"\x61\u0063", r"a\-b"],
    *["a+?b", r"\s", r"\tb", "^.{3}$", "}", "]", "{", ".*s.*s.*$", r"[\d%]$", "(t|a(c|b))c?"],
]  # fmt: skip


@pytest.fixture(scope="module")
def run(chrome: Browser) -> Iterator[Call]:
    with empty_page(chrome) as page:
        yield calling(page)


def test_a_pattern_finds_what_the_browsers_own_finds(run: Call) -> None:
    body = """given[0].filter((text) => {
      const { test, isLiteral } = m.finder(text), own = new RegExp(text, "i");
      return isLiteral || given[1].some((name) => test(name) !== own.test(name));
    })"""
    assert run("finding", body, [PATTERNS, NAMES]) == []


@pytest.mark.parametrize(
    "text",
    [r"(\w|\w)+!", r"(\w+)+!", r"\w*\w*\w*\w*\w*!", "(a?){60}!", "(a|a)" * 19 + "!", "((a*)*)*!"],
)
def test_no_pattern_takes_more_steps_than_its_states_at_each_character(
    run: Call, text: str
) -> None:
    """The browser's own would try more ways than there are atoms: counted are the calls of tests of a character."""
    body = """{
      const test = RegExp.prototype.test;
      let calls = 0;
      RegExp.prototype.test = function (...told) { calls += 1; return test.apply(this, told); };
      try {
        return [m.finder(given).test("a".repeat(100_000)), calls];
      } finally {
        RegExp.prototype.test = test;
      }
    }"""
    found, calls = run("finding", body, text)
    assert found is False
    assert 300 <= calls <= 250 * 302, "of a long name, the beginning"


@pytest.mark.parametrize(
    "text", ["(a", "(?=a)b", r"(a)\1", "(?<n>a)", "(a{99}){99}", "(){999999999}", "a{999999999}"]
)
def test_what_is_no_bounded_pattern_is_text(run: Call, text: str) -> None:
    body = "{ const { test, isLiteral } = m.finder(given); return [isLiteral, test(`x${given}`), test('ab')]; }"
    assert run("finding", body, text) == [True, True, False]
