"""Where the focus goes on the runs page when what had it is not there any more."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


@pytest.mark.parametrize("table", ["<input id='goal'>", "<p>No run matches.</p>"])
def test_the_bar_that_hides_gives_its_focus_to_the_table(table: str, page: Page) -> None:
    """To the first thing in it, or where it has nothing, to the content of the page; of others it takes none."""
    told = page.evaluate(
        """async (table) => {
          document.body.innerHTML = `<main id="content" tabindex="-1"><div data-part="table">${table}</div></main>`
            + "<div data-chosen><b data-chosen-count></b><a data-compare-link href='#'>Compare</a></div>"
            + "<input id='other'><dialog data-bulk-dialog><form data-bulk-form></form></dialog>"
            + "<div data-bulk-export-menu></div>";
          const { Bulk } = await import("/runs/bulk.js");
          const selection = { ids: new Set(["job-1"]), whole: null, size: 1 };
          const bulk = new Bulk({ selection, done() {} });
          const left = (focused) => {
            selection.ids.add("job-1");
            bulk.show();
            document.querySelector(focused).focus();
            selection.ids.clear();
            bulk.show();
            return document.activeElement.id;
          };
          const found = [left("#other"), left("[data-compare-link]")];
          document.body.replaceChildren();
          return found;
        }""",
        table,
    )
    assert told == ["other", "goal" if "goal" in table else "content"]
