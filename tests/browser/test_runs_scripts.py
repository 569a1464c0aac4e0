"""Scripts of the runs page, one at a time: whom the charts follow, and which runs make the curves of groups."""

from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

# Sockets and timers are ours: what they would do is called by hand, and nothing waits.
FOLLOWING = """async (live) => {
  const [sockets, every, said] = [[], [], { polls: 0, reloads: 0, revision: 0 }];
  window.WebSocket = class { static OPEN = 1; readyState = 1; sent = [];
    constructor(url) { this.url = url; sockets.push(this); }
    send(text) { this.sent.push(JSON.parse(text)); }
    close() { this.closed = true; } };
  window.setInterval = (does, wait) => every.push({ does, wait });
  window.setTimeout = (does) => { does(); return 0; };
  const runs = Array.from({ length: live }, (_, at) => `job-${at}`);
  document.body.innerHTML = "<p data-note hidden></p>";
  const note = document.querySelector("[data-note]");
  const byRun = new Map(runs.map((run) => [run, { attempt: 0, keys: 3, final: false }]));
  const board = { byRun, revision: 0, feed() {}, cursors: () => ({}),
    poll: () => (said.polls += 1), reload: () => (said.reloads += 1) };
  const { Alive } = await import("/runs/alive.js");
  const alive = new Alive({ table: { told: {}, load() {} }, board, note });
  every.length = 0;
  every.push({ does: () => alive.pollOthers() });
  alive.follow(runs);
  const followed = sockets.filter(({ url }) => url.includes("/ws/runs/"));
  followed[0].onopen();
  said.first = followed[0].sent[0];
  every[0].does();
  const polled = said.polls;
  followed[0].onmessage({ data: '{"type": "attempt", "attempt": 2}' });
  alive.sockets.get("job-0").onPoll();
  const before = alive.sockets.size;
  byRun.get("job-1").final = true;
  alive.follow();
  const ending = alive.sockets.has("job-1");
  followed[1].onmessage({ data: '{"type": "end"}' });
  return { followed: followed.length, told: said.first, polled, down: said.polls - polled,
    reloads: said.reloads, revision: board.revision, note: note.hidden ? "" : note.textContent, before, ending,
    ended: !alive.sockets.has("job-1") };
}"""


@pytest.fixture
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


def test_unfinished_runs_beyond_the_sockets_are_polled_and_said(page: Page) -> None:
    told = page.evaluate(FOLLOWING, 20)
    assert (told["followed"], told["polled"]) == (16, 1)
    assert told["note"].startswith("15 of 19 unfinished runs are followed point by point;")


def test_few_unfinished_runs_are_followed_also_into_their_next_attempt(page: Page) -> None:
    told = page.evaluate(FOLLOWING, 2)
    assert (told["followed"], told["polled"], told["note"]) == (2, 0, "")
    waiting = {
        "attempt": 0,
        "keys": 3,
        "points": {},
        "newest": True,
    }  # it has not begun: that is news, too
    assert told["told"] == waiting
    assert (told["reloads"], told["revision"]) == (1, 1)  # charts fetch the new attempt's points


def test_with_its_socket_down_a_run_is_polled_and_an_ended_one_sends_its_last_points(
    page: Page,
) -> None:
    told = page.evaluate(FOLLOWING, 2)
    assert told["down"] == 1
    assert (told["before"], told["ending"], told["ended"]) == (2, True, True)


GROUPS = """async (given) => {
  document.body.innerHTML = "<div data-drawn><i data-drawn-count></i><button data-drawn-all></button></div>"
    + "<p data-drawn-partial></p>";
  const { Drawn } = await import("/runs/drawn.js");
  const rows = given.map((size, group) => Object.assign(document.createElement("tr"), { size, group }));
  rows.forEach((row, at) => {
    Object.assign(row.dataset, { group: `lr ${at}`, level: "0", query: `group=${at}` });
  });
  window.fetch = async (url) => {
    const [, at] = /group=(\\d+)/.exec(url);
    const most = Number(new URL(url, location).searchParams.get("limit"));
    const runs = Array.from({ length: Math.min(most, given[at]) }, (_, each) => `job-${at}-${each}`);
    return Response.json({ runs, count: given[at] });
  };
  let shown = null;
  const board = { show: (runs, { groups }) => (shown = { runs, groups }) };
  const all = given.reduce((a, b) => a + b, 0);
  const drawn = new Drawn({ table: { rows, runs: [], told: { runs: all, query: "" } }, board });
  await drawn.show();
  return { sizes: shown.groups.map(({ runs }) => runs.length), board: shown.runs.length,
    of: new Set(shown.runs.map(({ run }) => run.split("-")[1])).size,
    count: drawn.count.textContent, note: drawn.note.hidden ? "" : drawn.note.textContent };
}"""


def drawn(page: Page, *sizes: int) -> Any:
    return page.evaluate(GROUPS, sizes)


def test_curves_of_groups_are_of_all_their_runs(page: Page) -> None:
    """The board itself holds five hundred, some of each group, to know what metrics there are."""
    told = drawn(page, 300, 300, 300, 300)
    assert (told["sizes"], told["note"]) == ([300] * 4, "")
    assert (told["board"], told["of"]) == (500, 4)
    assert told["count"] == "1,200 of 1,200 runs drawn, in 4 groups"


def test_groups_with_a_part_of_their_runs_are_named(page: Page) -> None:
    told = drawn(page, 1200, 1200, 600)
    assert told["sizes"] == [1200, 800]
    assert "lr 1 (800 of 1200), lr 2 (0 of 600)." in told["note"]


COMPARING = """async (ids) => {
  document.body.innerHTML = "<div data-chosen><b data-chosen-count></b><a data-compare-link>Compare</a></div>"
    + "<dialog data-bulk-dialog><form data-bulk-form></form></dialog><div data-bulk-export-menu></div>"
    + "<div data-toast hidden><p data-toast-said></p><p data-toast-detail></p><button data-toast-close></button></div>";
  history.replaceState(null, "", "?q=lr%3E1&x=time&smooth=ema:0.6&y=log&zoom=1:2&pins=job-7");
  const { installToast } = await import("/toast.js");
  installToast();
  const { Bulk } = await import("/runs/bulk.js");
  const { set } = await import("/urlstate.js");
  const selection = { ids: new Set(ids), whole: null, size: ids.length };
  const gone = [];
  window.fetch = async (url, { body }) => {
    gone.push(new URLSearchParams(body).get("runs").split(",").length);
    return Response.json({ key: "abc" });
  };
  const bulk = new Bulk({ selection, done() {}, go: (url) => gone.push(url) });
  bulk.show();
  set({ baseline: "job-8" });
  const link = document.querySelector("a");
  let stays = false;
  document.addEventListener("click", (event) => {
    stays = event.defaultPrevented;
    event.preventDefault();
  }, { once: true });
  link.click();
  for (let at = 0; at < 50 && ids.length > 50 && gone.length < 2; at += 1) await new Promise((go) => setTimeout(go));
  const said = document.querySelector("[data-toast-said]").textContent;
  return { href: link.getAttribute("href"), stays, said, gone };
}"""
KEPT = "baseline=job-8&pins=job-7&x=time&y=log&smooth=ema%3A0.6"


def test_compare_takes_the_baseline_the_pins_and_how_the_charts_are_drawn(page: Page) -> None:
    told = page.evaluate(COMPARING, ["job-1", "job-7"])
    assert told["href"] == f"/compare/?runs=job-8,job-7,job-1&{KEPT}"
    assert (told["stays"], told["said"]) == (False, "")


def test_many_runs_are_compared_by_a_kept_selection(page: Page) -> None:
    told = page.evaluate(COMPARING, [f"job-{at}" for at in range(100, 160)])
    assert told["gone"] == [62, f"/compare/?sel=abc&{KEPT}"]


def test_compare_with_nothing_selected_says_so_and_stays(page: Page) -> None:
    told = page.evaluate(COMPARING, [])
    assert (told["stays"], told["gone"]) == (True, [])
    assert told["said"].startswith("Nothing is selected")


STEPPING = """async (deed) => {
  document.body.innerHTML = "<table data-runs-table><thead><tr><th data-column='name' data-pinned></th>"
    + "<th data-column='state'></th></tr></thead><tbody><tr data-row data-run='job-1'><td>"
    + "<button data-eye><svg><use /></svg></button>"
    + "<button data-pin></button><button data-baseline></button><button data-colour>"
    + "<svg class='swatch c1'></svg></button></td></tr></tbody></table><div data-colour-panel popover></div>";
  history.replaceState(null, "", "/empty?q=a");
  const box = document.querySelector("table");
  const { Rows } = await import("/runs/rows.js");
  const { put, shown } = await import("/runs/columns.js");
  new Rows({ table: { box }, tell() {} });
  const before = history.length;
  if (deed === "column") put([...shown(), { key: "config.lr", pinned: false }], { sort: "config.lr" });
  else box.querySelector(`[data-${deed}]`).click();
  const address = location.search;
  const steps = history.length - before;
  const back = new Promise((came) => addEventListener("popstate", came, { once: true }));
  history.back();
  await back;
  return { address, steps, back: location.search, pressed: box.querySelector("[data-pin]").ariaPressed };
}"""


@pytest.mark.parametrize(
    ("deed", "address"),
    [
        ("eye", "?q=a&hide=job-1"),
        ("pin", "?q=a&pins=job-1"),
        ("baseline", "?q=a&baseline=job-1"),
        ("column", "?q=a&cols=%21name%2Cstate%2Cconfig.lr&sort=config.lr"),
    ],
)
def test_back_undoes_each_step(deed: str, address: str, page: Page) -> None:
    told = page.evaluate(STEPPING, deed)
    assert told == {"address": address, "steps": 1, "back": "?q=a", "pressed": "false"}


TIPPING = """async (answers) => {
  document.body.innerHTML = "<table><tr data-run='job-1'><td data-tip='metric.a:best'><span title='1 NaN'>0.1</span>"
    + "</td><td data-tip='state'><span>pending</span></td><td><span>plain</span></td></tr></table>";
  const asked = [];
  const { Tips } = await import("/runs/tips.js");
  const ask = async (url) => {
    asked.push(url);
    if (answers.length === 0) throw new Error();
    return { text: answers.shift() };
  };
  const tips = new Tips({ table: { box: document.querySelector("table") }, ask });
  for (const span of [...document.querySelectorAll("span"), document.querySelector("span")]) await tips.point(span);
  return { asked, titles: [...document.querySelectorAll("span")].map(({ title }) => title) };
}"""


def test_a_tooltip_is_asked_for_once_and_again_where_it_did_not_come(page: Page) -> None:
    told = page.evaluate(TIPPING, ["at step 3", ""])
    assert told["asked"] == [
        "/runs/tip.json?run=job-1&column=metric.a%3Abest",
        "/runs/tip.json?run=job-1&column=state",
    ]
    assert told["titles"] == ["1 NaN\nat step 3", "", ""]
    assert len(page.evaluate(TIPPING, [])["asked"]) == 3


WAITING = """async (looks) => {
  document.body.innerHTML = "<table><tr data-run='job-1'><td data-tip='state'><span title='pending'>x</span></td>"
    + "<td data-tip='metric.a:best'><span>0.1</span></td></tr></table>";
  const { Tips } = await import("/runs/tips.js");
  let [time, asked, text] = [0, 0, null];
  const ask = async () => {
    asked += 1;
    if (text === null) throw new Error();
    return { text };
  };
  const tips = new Tips({ table: { box: document.querySelector("table") }, ask, now: () => time });
  const [state, best] = document.querySelectorAll("span");
  const titles = [];
  for ([time, text] of looks) {
    await tips.point(state);
    titles.push(state.title);
  }
  const all = asked;
  await tips.point(best);
  time += 1e9;
  await tips.point(best);
  return { titles, asked: all, best: asked - all };
}"""


def test_why_a_run_waits_is_asked_again_after_some_seconds_and_lines_do_not_add_up(
    page: Page,
) -> None:
    looks = [
        (0, "no GPU"),
        (4999, "a"),
        (5000, "held"),
        (10_000, None),
        (10_001, "a quota"),
        (15_001, ""),
    ]
    told = page.evaluate(WAITING, looks)
    pending = [f"pending\n{why}" for why in ("no GPU", "no GPU", "held", "held", "a quota")]
    assert told["titles"] == [*pending, "pending"]
    assert (told["asked"], told["best"]) == (5, 1)  # also after the answer that did not come
