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


def test_every_press_moves_the_job_and_the_server_hears_where_it_stands_in_the_end(
    page: Page,
) -> None:
    """The list is shown as it is again after a refusal, which drops what was still to be sent."""
    told = page.evaluate(
        """async () => {
          document.body.innerHTML = "<p data-toast hidden><b data-toast-said></b><i data-toast-detail></i></p>"
            + "<div data-live='/ws'><ul data-placing='/queue/place'>" + [5, 6, 7, 8, 9].map((job) =>
              `<li data-row><button data-place-job="${job}">x</button><i class="place">${job - 4}</i></li>`).join("")
            + "</ul></div>";
          await import("/night/placing.js");
          const part = document.querySelector("ul");
          const [sent, found] = [[], []];
          let answer;
          window.fetch = (url, { body }) => (sent.push(`${body}`), new Promise((done) => (answer = done)));
          const settled = () => new Promise((done) => document.addEventListener("whirr:refresh", done, { once: true }));
          const asked = async (count) => { while (sent.length < count) await new Promise((done) => setTimeout(done)); };
          const look = () => found.push([...part.children].map((row) => row.textContent.slice(1)
            + row.firstChild.dataset.placeJob + ("editing" in row.dataset ? "!" : "")).join(" "));
          const press = (job, key) => {
            const handle = part.querySelector(`[data-place-job="${job}"]`);
            handle.focus();
            handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
          };
          for (let i = 0; i < 3; i += 1) press(9, "ArrowUp");
          look();
          found.push(document.activeElement.dataset.placeJob);
          press(5, "ArrowDown");
          answer(new Response("ok")); await asked(2);
          answer(new Response("ok")); await asked(3);
          const all = settled();
          answer(new Response("ok")); await all;
          look();

          press(8, "ArrowUp"); press(8, "ArrowUp"); press(6, "ArrowUp");
          const refused = settled();
          answer(new Response("Job 8 has started.", { status: 409, headers: { "Content-Type": "text/plain" } }));
          await refused;
          look();
          found.push(document.querySelector("b").textContent, sent.length);
          const last = settled();
          press(7, "ArrowUp"); answer(new Response("ok")); await last; // and it goes on
          found.push(sent.at(-1));
          document.body.replaceChildren();
          return [found, sent.slice(0, 3)];
        }"""
    )
    found, sent = told
    assert found[:2] == ["15 29! 36 47 58", "9"]
    assert found[2] == "19 25 36 47 58"
    assert sent == ["job=9&above=8", "job=9&above=5", "job=5&below=9"]
    assert "!" not in found[3]
    assert found[4:6] == ["Move: Job 8 has started.", 4]
    assert found[6].startswith("job=7&above=")


def test_who_sent_a_priority_by_enter_stands_on_the_row(page: Page) -> None:
    """Not in the field, which would keep the list as it was; a form's own button goes first."""
    told = page.evaluate(
        """async () => {
          const field = "<form><input type='number'></form>";
          document.body.innerHTML = `<li data-row>${field}<a class="name" href="#">x</a></li>`
            + `<li data-row><a class="name" href="#">x</a><button data-place-job="7">y</button>${field}</li>`
            + `<form><input type="number"><button id="set-priority">Set</button></form>${field}`;
          const { leave } = await import("/forms.js");
          const found = [...document.querySelectorAll("form")].map((form) => {
            form.querySelector("input").focus();
            leave(form);
            return [document.activeElement.localName, document.activeElement.id];
          });
          document.body.replaceChildren();
          return found;
        }"""
    )
    assert told == [["a", ""], ["button", ""], ["button", "set-priority"], ["body", ""]]


def test_the_focus_of_what_is_gone_goes_where_that_says_and_never_to_a_neighbour(
    page: Page,
) -> None:
    told = page.evaluate(
        """async () => {"""
        + SWAP
        + """
          const { keepPlace } = await import("/stale.js");
          const label = (name) => `<button data-after="add" aria-label="Remove ${name}">x</button>`;
          const add = "<button id='add'>Add</button>";
          document.body.innerHTML = `<div>${label("a")}${label("b")}${add}</div>`;
          const part = document.body.firstElementChild;
          const found = [];
          const after = (html) => {
            keepPlace(part);
            swap(part, html);
            found.push(document.activeElement.ariaLabel ?? document.activeElement.textContent);
          };
          part.querySelector("[aria-label='Remove b']").focus();
          after(label("a") + label("b") + add);
          after(label("a") + label("c") + add);
          part.querySelector("[aria-label='Remove a']").focus();
          after("nothing");
          document.body.replaceChildren();
          return found;
        }"""
    )
    assert told == ["Remove b", "Add", "nothing"]
