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


def test_a_job_is_dragged_or_moved_by_keys_and_the_list_stays_under_the_pointer(page: Page) -> None:
    told = page.evaluate(
        """async () => {
          document.body.innerHTML = "<p data-toast hidden><b data-toast-said></b><i data-toast-detail></i></p>"
            + "<ul data-placing='/queue/place'>" + [7, 8, 9].map((job) =>
              `<li data-row style="height: 40px"><button data-place-job="${job}">x</button></li>`).join("") + "</ul>";
          await import("/night/placing.js");
          const part = document.querySelector("ul");
          const found = [];
          const sent = [];
          window.fetch = async (url, { body }) => (sent.push(`${url}?${body}`), new Response("Job 9 is at place 1."));
          let refreshed = 0;
          document.addEventListener("whirr:refresh", () => (refreshed += 1));
          const settled = () => new Promise((done) => document.addEventListener("whirr:refresh", done, { once: true }));
          const handle = (at) => part.children[at].firstChild;
          const point = (name, target, y) =>
            target.dispatchEvent(new PointerEvent(name, { bubbles: true, pointerId: 1, clientY: y, button: 0 }));
          const top = part.children[0].getBoundingClientRect().top;
          handle(0).setPointerCapture = handle(2).setPointerCapture = () => {};

          point("pointerdown", handle(2), top + 100);
          point("pointermove", handle(2), top + 5);
          found.push(part.querySelectorAll("[data-editing]").length, part.children[0].className);
          point("pointerup", handle(2), top + 5);
          await settled();
          found.push(part.querySelectorAll("[data-editing], [class*=drop]").length, refreshed);
          found.push(document.querySelector("b").textContent);

          point("pointerdown", handle(0), top + 5);
          point("pointermove", handle(0), top + 100);
          document.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
          point("pointerup", handle(0), top + 100);
          found.push(refreshed);

          const pressed = (key) => new KeyboardEvent("keydown", { key, bubbles: true });
          const key = (at, name) => handle(at).dispatchEvent(pressed(name));
          key(1, "ArrowDown");
          key(1, "ArrowDown"); // the first one is not answered yet
          await settled();
          key(0, "ArrowUp");
          found.push(document.querySelector("b").textContent);
          document.body.replaceChildren();
          return [found, sent];
        }"""
    )
    found, sent = told
    place = ["Job 9 is at place 1.", 2, "Job 7 is the first of this list."]
    assert found == [1, "drop-above", 0, 1, *place]
    assert sent == ["/queue/place?job=9&above=7", "/queue/place?job=8&below=9"]
