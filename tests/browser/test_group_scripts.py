"""Rows of groups that are open: what stands in them is what the address asks for."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


# The page's own table and groups; the server is ours. It writes into each run's row what it was asked with.
OPENED = """async ([before, levels, steps]) => {
  const name = (query) => new URLSearchParams(query).get("baseline") ?? "none";
  const mark = (query) => `${new URLSearchParams(query).get("sort") ?? "-"} ${name(query)}`;
  const group = (key, query, at) => `<tr data-row data-group="${key}" data-level="${at}" data-query="${mark(query)}">`
    + `<td><button data-members="${query.replaceAll("&", "&amp;")}&amp;at=${at}" aria-expanded="false"></button>`
    + `${mark(query)}</td></tr>`;
  const run = (query) => `<tr data-row data-run="job-1"><td><i>${mark(query)}</i><button></button></td></tr>`;
  const order = (query) => (query.includes("sort=-") ? ["b", "a"] : ["a", "b"]);
  const whole = (query) => "<div data-part=view></div><div data-part=chips></div><div data-part=pager></div>"
    + "<div data-part=table><table data-runs-table data-cols=name><thead></thead><tbody data-rows>"
    + `${order(query).map((key) => group(key, query, 0)).join("")}</tbody></table></div>`;
  history.replaceState(null, "", before);
  document.body.innerHTML = "<p data-said></p><div data-group-menu popover><input data-group-find>"
    + "<div data-group-list></div></div><button data-group-open></button><main></main>"
    + "<div data-toast hidden><p data-toast-said></p><p data-toast-detail></p><button data-toast-close></button></div>";
  document.querySelector("main").innerHTML = whole(location.search.slice(1));
  const [asked, held] = [[], []];
  let [down, slow] = [false, false];
  window.fetch = async (url) => {
    const [path, query] = url.split("?");
    const query_ = query ?? "";
    if (path !== "/runs/members") return new Response(whole(query_));
    asked.push(query_);
    if (down) throw new TypeError();
    if (slow) await new Promise((go) => held.push(go));
    const at = Number(new URLSearchParams(query_).get("at")) + 1;
    const told = query_.replace(/&?at=.*/, "");
    return new Response(`<table>${at < levels ? group("a/x", told, at) : run(told)}</table>`);
  };
  const { installToast } = await import("/toast.js");
  installToast();
  const { Table } = await import("/runs/table.js");
  const { Grouping } = await import("/runs/grouping.js");
  const { set } = await import("/urlstate.js");
  const settled = async () => {
    for (let each = 0; each < 20; each += 1) await new Promise((go) => { const one = new MessageChannel();
      one.port1.onmessage = go; one.port2.postMessage(0); });
  };
  const table = new Table({ onShown: (how) => grouping.show(how) });
  const grouping = new Grouping({ table, onShown() {} });
  const click = (key) => document.querySelector(`[data-group="${key}"] [data-members]`).click();
  const does = {
    open: () => click("a"), inner: () => click("a/x"), baseline: () => set({ baseline: "job-1" }, { push: true }),
    sort: () => set({ sort: "name" }), turn: () => set({ sort: "-name" }), second: () => click("b"),
    focus: () => document.querySelector("[data-run] button").focus(), again: () => table.load(),
    live: () => table.load({ live: true }), down: () => (down = true), up: () => (down = false),
    slow: () => (slow = true), release: () => { slow = false; held.reverse().forEach((go) => go()); },
    back: () => new Promise((came) => { addEventListener("popstate", came, { once: true }); history.back(); }),
  };
  for (const step of steps) {
    await does[step]();
    await settled();
  }
  return { asked: asked.length, runs: [...document.querySelectorAll("i")].map((each) => each.textContent),
    lines: [...document.querySelectorAll("tr")].map(({ dataset }) => dataset.run ?? dataset.group),
    focus: document.activeElement.closest("tr")?.dataset.run ?? "",
    queries: [...document.querySelectorAll("tr[data-group]")].map(({ dataset }) => dataset.query),
    open: [...document.querySelectorAll("[data-members]")].map((each) => each.ariaExpanded) };
}"""


def after(page: Page, *steps: str, levels: int = 1) -> Any:
    return page.evaluate(OPENED, ["/empty?group=user", levels, steps])


def told(page: Page, *steps: str, levels: int = 1) -> Any:
    found = after(page, *steps, levels=levels)
    return found["asked"], found["runs"], found["open"]


@pytest.mark.parametrize(
    ("steps", "asked", "run"),
    [
        (["open", "baseline"], 2, "- job-1"),
        (["open", "sort"], 2, "name none"),
        (["open", "baseline", "back"], 3, "- none"),
        (["open", "again"], 1, "- none"),  # nothing else is asked for
        (["open", "live"], 2, "- none"),
        # The older answer is late.
        (["open", "slow", "baseline", "sort", "release"], 3, "name job-1"),
        (["open", "down", "baseline", "up", "again"], 3, "- job-1"),
    ],
)
def test_an_open_group_has_what_the_address_asks_for(
    steps: list[str],
    asked: int,
    run: str,
    page: Page,
) -> None:
    assert told(page, *steps) == (asked, [run], ["true", "false"])


def test_a_group_that_was_closed_again_stays_closed_when_its_rows_come(page: Page) -> None:
    assert told(page, "open", "slow", "live", "open", "release") == (2, [], ["false", "false"])


@pytest.mark.parametrize("step", ["baseline", "live"])
def test_an_open_group_inside_an_open_group_stays_open(step: str, page: Page) -> None:
    asked, runs, opened = told(page, "open", "inner", step, levels=2)
    assert (asked, runs) == (4, ["- job-1" if step == "baseline" else "- none"])
    assert opened == ["true", "true", "false"]


@pytest.mark.parametrize("steps", [["open", "focus"], ["open", "inner", "focus"]])
def test_the_row_of_a_member_that_became_the_baseline_keeps_the_focus(
    steps: list[str], page: Page
) -> None:
    found = after(page, *steps, "baseline", levels=len(steps) - 1)
    assert (found["focus"], found["runs"]) == ("job-1", ["- job-1"])


def test_a_group_that_moves_takes_along_what_is_in_it(page: Page) -> None:
    found = after(page, "second", "turn")
    assert (found["lines"], found["runs"]) == (["b", "job-1", "a"], ["-name none"])
    assert found["queries"] == ["-name none"] * 2  # by which the charts find the runs of a group
