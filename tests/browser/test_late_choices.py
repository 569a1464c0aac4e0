"""Quick choices on the runs page whose answers come late, or in another order."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.held import HELD
from tests.browser.modules import empty_page


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        page.evaluate(HELD)
        yield page


def test_of_a_group_that_is_ticked_and_unticked_at_once_the_last_word_counts(page: Page) -> None:
    told = page.evaluate("""async () => {
      document.body.insertAdjacentHTML("beforeend", `<button data-choose-matching></button>
        <button data-choose-none></button><table><tbody><tr data-row data-query="group=a"><td>
        <input type=checkbox data-choose-group></td></tr></tbody></table>`);
      const { Choosing } = await import("/runs/choosing.js");
      const { Selection } = await import("/runs/selection.js");
      const selection = new Selection();
      new Choosing({ table: { box: document.querySelector("table"), told: { runs: 1 } }, selection });
      const box = document.querySelector("input");
      box.click();
      box.click();
      for (let at = 0; at < 2; at += 1) {
        await settled();
        await answer(held.length - 1, { runs: ["job-1"], count: 1 });
        if (held.length > 1) await answer(0, { runs: ["job-1"], count: 1 });
      }
      return [box.checked, selection.size, held.length];
    }""")
    assert told == [False, 0, 2]


def test_what_a_deed_would_do_is_told_of_the_deed_that_is_asked_about(page: Page) -> None:
    told = page.evaluate("""async () => {
      const names = ["title", "told", "wrong", "label", "word", "value", "do"];
      const parts = names.map((name) => `<input data-bulk-${name}>`).join("");
      document.body.insertAdjacentHTML("beforeend", `<div data-chosen><a data-compare-link></a></div>
        <div data-bulk-export-menu></div><dialog data-bulk-dialog><form data-bulk-form>${parts}</form></dialog>`);
      const { Bulk } = await import("/runs/bulk.js");
      const selection = { ids: new Set(["job-1"]), whole: null, size: 1 };
      const bulk = new Bulk({ selection, done() {} });
      bulk.open("trash");
      await settled();
      bulk.dialog.close();
      selection.ids = new Set(["job-2"]);
      bulk.open("cancel");
      await settled();
      await answer(1, { count: 0, told: "cancels nothing" });
      await answer(0, { count: 1, told: "trashes one" });
      return [bulk.find("told").textContent, bulk.find("do").disabled, bulk.of];
    }""")
    assert told == ["cancels nothing", True, {"runs": "job-2"}]


@pytest.mark.parametrize("script", ["grouping", "picker"])
def test_columns_that_are_found_are_those_of_the_last_letter(page: Page, script: str) -> None:
    told = page.evaluate(
        """async (script) => {
      const parts = ["menu popover", "list", "find"].map((name) => `<input data-group-${name}>`).join("");
      document.body.insertAdjacentHTML("beforeend", `${parts}<button data-group-open></button>
        <button data-columns-open></button><dialog data-columns><input data-columns-find>
        <b data-columns-tree></b><b data-columns-shown></b><b data-columns-default></b></dialog>`);
      const { Grouping } = await import("/runs/grouping.js");
      const { Picker } = await import("/runs/picker.js");
      const table = { box: document.createElement("div") };
      const [made, tree] = script === "picker" ? [new Picker(), "[data-columns-tree]"]
        : [new Grouping({ table, onShown() {} }), "[data-group-list]"];
      const groups = (key) => ({ groups: [{ kind: "config", columns: [{ key, label: key }] }], more: 0 });
      made.fill();
      made.fill();
      await answer(1, groups("config.lr"));
      await answer(0, groups("config.other"));
      const said = document.querySelector("[data-toast]").hidden;
      return [document.querySelector(tree).textContent.includes("config.lr"), said];
    }""",
        script,
    )
    assert told == [True, True]
