"""The scripts of a log where it comes in an odd order, or is made to keep a browser busy."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

UP = "\x1b[A"


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.mark.parametrize(
    "line", ["x" * 7999 + "\ry" * 2, f"{UP}\x1b[2Kx" * 500, "x" * 7000 + "\x1b[1K" * 5000]
)
def test_a_log_that_is_too_much_work_goes_on_raw(page: Page, line: str) -> None:
    """Counted by the steps of the terminal; what comes last is there as it was written."""
    work, last = page.evaluate(
        """async (line) => {
          const { Terminal } = await import("/log/terminal.js");
          const terminal = new Terminal();
          for (let number = 1; number <= 500; number += 1) terminal.line(line, number);
          terminal.begin();
          for (let number = 501; number <= 1000; number += 1) terminal.line(line, number);
          const row = terminal.shown().at(-1);
          return [terminal.work, [row.raw, row.line, row.pieces[0].text.length]];
        }""",
        line,
    )
    assert 400_000 < work < 420_000
    assert last == [True, 1000, min(len(line), 8000)]


def test_pushes_that_cross_tear_no_line(page: Page) -> None:
    """One that begins before the cursor, or behind it unsaid, is dropped, and the rest is asked for once."""
    told = page.evaluate(
        """async () => {
          const { Pages } = await import("/log/pages.js");
          const pages = new Pages("/nowhere", { attempt: 1, onChange: () => {} });
          let asked = 0;
          const push = (text, offset, line, skipped = 0) => {
            const message = { text, offset, end: offset + text.length, size: 999, line, skipped, time: null };
            const fits = pages.fits(message, () => (asked += 1));
            if (fits) pages.push(message);
            return fits;
          };
          const fits = [
            push("one\\ntwo\\nth", 0, 1), push("two\\nth", 4, 2), push("two\\nthree\\n", 4, 2), push("four\\n", 14, 4),
            push("ree\\nfo", 10, 3), push("far\\n", 500, 9, 484),
          ];
          return [fits, asked, pages.page(0).raw.slice(0, 3), 3 in pages.page(0).raw, pages.page(0).raw[8]];
        }"""
    )
    fits = [True, False, False, False, True, True]
    assert told == [fits, 1, ["one", "two", "three"], False, "far"]
