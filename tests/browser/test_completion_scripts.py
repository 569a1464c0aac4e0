"""What the filter offers to a hand that is quicker than the server."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

# Timers go off by hand; the server offers one field for every text.
QUICK = """async () => {
  document.body.innerHTML = "<input><ul hidden></ul>";
  const [box, list] = document.body.children;
  const [real, timers] = [window.setTimeout, []];
  window.setTimeout = (run) => timers.push(run);
  window.clearTimeout = (id) => (timers[id - 1] = null);
  window.fetch = async (url) => {
    const to = new URLSearchParams(url.split("?")[1]).get("q").length;
    return Response.json({ from: 0, to, items: [{ text: "state", kind: "field", told: "" }], error: null });
  };
  const { Completion } = await import("/runs/complete.js");
  new Completion(box, list);
  const settled = () => new Promise((done) => real(done, 20));
  const due = () => (timers.splice(0, timers.length, ...timers.map(() => null)).forEach((run) => run?.()), settled());
  const type = (text) => ((box.value = text), box.dispatchEvent(new Event("input")));
  const press = (key) => box.dispatchEvent(new KeyboardEvent("keydown", { key, cancelable: true }));
  const found = [];
  box.focus();
  type("sta");
  await due();
  type("stat");
  press("ArrowDown");
  press("Enter");
  found.push(box.value);
  await settled();
  press("ArrowDown");
  await due();
  found.push(list.querySelectorAll("[aria-selected=true]").length);
  press("Enter");
  found.push(box.value);
  return found;
}"""


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def test_what_was_offered_for_the_text_before_is_not_put_into_the_one_after(page: Page) -> None:
    """It is asked for anew, once; what is gone to in it stays."""
    assert page.evaluate(QUICK) == ["stat", 1, "state"]
