"""The queue's scripts in a real browser: a job that stands twice, among mine and among all that wait, is one job."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

ROW = (
    "const row = (job, prefix = '') => `<li data-row data-run='job-${job}' id='row-${prefix}${job}'>"
    "<input type='checkbox' data-choose value='${job}'></li>`;"
)
SWAP = """
  const swap = (part, html) => {
    part.replaceChildren(document.createRange().createContextualFragment(html));
    part.dispatchEvent(new CustomEvent("htmx:afterSwap", { bubbles: true }));
  };
"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def test_a_job_that_stands_twice_is_chosen_in_both_places_or_in_none(page: Page) -> None:
    told = page.evaluate(
        """async () => {"""
        + ROW
        + SWAP
        + """
          const rows = row(7, "mine-") + row(7) + row(8);
          document.body.innerHTML = `<form data-chosen-jobs hidden><b data-chosen-count></b>
            <i data-choose-none></i></form><ul>${rows}</ul>`;
          await import("/night/keep.js");
          await import("/night/choosing.js");
          const [bar, part] = document.body.children;
          const found = [];
          const look = () => found.push(bar.hidden ? "none" : bar.textContent.trim(),
            [...part.querySelectorAll(":checked")].map((each) => each.closest("li").id).join());
          const boxes = () => part.querySelectorAll("input");
          const refresh = () => {
            const detail = { shouldSwap: true, target: part };
            part.dispatchEvent(new CustomEvent("htmx:beforeSwap", { bubbles: true, detail }));
            swap(part, rows);
          };
          boxes()[1].click(); look();
          refresh(); look();
          boxes()[0].click(); look();
          boxes()[0].click(); boxes()[2].click(); look();
          document.body.replaceChildren();
          return found;
        }"""
    )
    both = ["1 chosen", "row-mine-7,row-7"]
    assert told == [*both, *both, "none", "", "2 chosen", "row-mine-7,row-7,row-8"]


def test_the_place_is_kept_in_the_list_in_which_it_was(page: Page) -> None:
    told = page.evaluate(
        """async () => {"""
        + ROW
        + SWAP
        + """
          const { keepPlace } = await import("/stale.js");
          const both = row(7, "mine-") + row(7);
          document.body.innerHTML = `<ul>${both}</ul>`;
          const part = document.body.firstElementChild;
          part.querySelector("#row-7").classList.add("current");
          part.querySelector("#row-7 input").focus();
          const places = () => [part.querySelector(".current")?.id, document.activeElement.closest("li")?.id];
          const found = [];
          for (const rows of [both, row(7, "mine-") + row(8), both, row(8) + "<li data-row></li>"]) {
            keepPlace(part);
            swap(part, rows);
            found.push(places());
          }
          document.body.replaceChildren();
          return found;
        }"""
    )
    mine = ["row-mine-7"] * 2
    assert told == [["row-7"] * 2, mine, mine, [None, None]]
