"""What the scripts of the log make of ranks: which pages are fetched, and what the chooser says."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from runs.logs.ranks import lines_of
from tests.browser.modules import empty_page

# The ranks of a log of 2200 lines, without a server.
MADE = """async (rank) => {
  const { Ranks } = await import("/log/ranks.js");
  history.replaceState(null, "", `?rank=${rank}`);
  const parts = {};
  const part = (name) => (parts[name] ??= document.createElement("div"));
  const ranks = new Ranks({ part, pages: { count: 2200 }, folds: null }, { onChoose() {} });
  return { ranks, parts };
}"""


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        page.evaluate(f"() => {{ window.made = {MADE}; }}")
        yield page


def test_what_came_after_the_server_looked_is_fetched_and_no_more_than_a_few_pages_at_once(
    page: Page,
) -> None:
    told = page.evaluate(
        """async () => {
          const { Geometry } = await import("/log/geometry.js");
          const { ranks } = await made("3");
          const wanted = () => [0, 1, 2, 3, 4].map((number) => ranks.expects(number));
          const seen = [wanted()];
          const rank = { name: "3", each: 500, lines: [0, 7, 0], left_out: false };
          const geometry = new Geometry();
          for (const surveyed of [1200, 2200]) {
            ranks.take({ ranks: [["0", 900], ["3", 7]], ranks_left_out: 0, rank, surveyed });
            geometry.shape(2200, ranks);
            seen.push(wanted(), Math.round(geometry.total / geometry.row));
          }
          return seen;
        }"""
    )
    assert told == [
        [False] * 5,  # before the server answered
        [False, True, True, True, True],
        7 + 3 * 25,
        [False, True, False, False, False],
        7,
    ]


def test_the_chooser_says_how_many_ranks_are_not_listed_and_that_one_is_not_counted(
    page: Page,
) -> None:
    told = page.evaluate(
        """async () => {
          const { ranks, parts } = await made("400");
          const told = () => [parts["rank-choice"].querySelector("select")?.lastChild, parts["rank-note"].textContent];
          const names = [...Array(9).keys()].map((each) => [String(each), 5]);
          const rank = { name: "400", each: 500, lines: [], left_out: true };
          const seen = [];
          for (const more of [1, 256]) {
            ranks.take({ ranks: names, ranks_left_out: more, rank, surveyed: 2200 });
            const [option, note] = told();
            seen.push(option.textContent, option.disabled, note);
          }
          ranks.choose("8");
          const eighth = { ...rank, name: "8", left_out: false };
          ranks.take({ ranks: names, ranks_left_out: 0, rank: eighth, surveyed: 2200 });
          const [option, note] = told();
          return [...seen, option.textContent, note];
        }"""
    )
    assert told == [
        *("1 more is not listed", True, "not counted: use the search"),
        *("256 more are not listed", True, "not counted: use the search"),
        *("rank 8", "5 of 2,200 lines"),
    ]


def test_who_is_at_the_log_already_is_not_taken_to_where_the_run_failed(page: Page) -> None:
    """Who searched a long log before it is known where that is, or scrolls it; not who scrolled another log."""
    told = page.evaluate(
        """async () => {
          const { Survey } = await import("/log/survey.js");
          const went = [];
          const idle = { keeping() {}, take() {}, later() {} };
          const goto = (line) => went.push(line);
          const root = document.body;
          const scroll = () => root.dispatchEvent(new WheelEvent("wheel"));
          for (const [target, scrolled] of [[null, 0], [{ line: 7 }, 0], [null, 1], [null, -1]]) {
            const viewer = { root, pages: { count: 9 }, list: idle, strip: idle, target: null, goto };
            const survey = new Survey(viewer);
            if (scrolled < 0) scroll();
            if (scrolled < 0) viewer.pages = { count: 9 };
            survey.ask = async () => {
              viewer.target = target;
              if (scrolled > 0) scroll();
              return { complete: true, failure: { line: 5, error_line: 6 } };
            };
            await survey.run({ open: true });
          }
          return went;
        }"""
    )
    assert told == [5, 5]


def test_a_survey_that_fell_due_while_nobody_looked_is_made_when_somebody_does(page: Page) -> None:
    """The clock of the page is moved by hand."""
    page.clock.install()
    page.evaluate(
        """async () => {
          const { Survey } = await import("/log/survey.js");
          let hidden = false, runs = 0;
          Object.defineProperty(document, "hidden", { get: () => hidden, configurable: true });
          const survey = new Survey({ root: document.body });
          survey.run = () => (runs += 1);
          window.grows = () => (survey.soon(), runs);
          window.seen = (is) => {
            hidden = !is;
            document.dispatchEvent(new Event("visibilitychange"));
            return runs;
          };
        }"""
    )
    page.evaluate("(grows(), seen(false))")
    page.clock.run_for(11_000)
    deeds = ("seen(false)", "seen(true)", "seen(false)", "seen(true)", "grows()")
    assert [page.evaluate(deed) for deed in deeds] == [0, 1, 1, 1, 1]
    page.clock.run_for(11_000)
    assert page.evaluate("grows()") == 2


def test_page_and_server_agree_on_whose_a_line_is_and_its_prefix_is_faint(page: Page) -> None:
    labels = [
        "[default3]:",
        "[rank3]: ",
        "[rank3] ",
        "\x1b[1m[rank3]",
        "[1,3]<stdout>:",
        "[prterun-a-1@1,3]<stderr>: ",
    ]
    labels += [
        " 3: ",
        "3:",
        "03: ",
        "[rank33]: ",
        "[rank3]x",
        "x [rank3]: ",
        "[1,3]",
        "[rank12345]:",
        "<img src=x>",
        "",
    ]
    for rank in ("3", "3:"):
        for label in labels:
            line = f"{label}a"
            ours = page.evaluate(
                """async ([line, rank]) => {
                  const { prefixOf } = await import("/log/ranks.js");
                  const { plain } = await import("/log/plain.js");
                  return prefixOf(plain(line), rank) > 0;
                }""",
                [line, rank],
            )
            assert ours is bool(len(lines_of(rank, line.encode(), begins=True))), (rank, line)

    drawn = page.evaluate(
        """async () => {
          const { arrange } = await import("/log/arrange.js");
          const { Folds } = await import("/log/folds.js");
          const { prefixOf } = await import("/log/ranks.js");
          const folds = new Folds();
          folds.arrange();
          const raw = ["[rank0]: a", "[rank1]: b", "none", "[rank1]: c\\r[rank1]: \\x1b[31md"];
          const page = { first: 1, lead: [], raw, cut: {}, times: null };
          const shows = (text) => text.startsWith("[rank1]");
          const prefix = (text) => prefixOf(text, "1");
          const view = { repeats: "exact", times: "off", opened: new Set(), folds, shows, prefix };
          const told = ({ line, row }) => [line, row.pieces.map(({ text, style }) => [text, Boolean(style.faint)])];
          const lines = arrange(page, { ...view, raw: true }).map(({ line }) => line);
          return [arrange(page, { ...view, raw: false }).map(told), lines];
        }"""
    )
    prefix = ["[rank1]: ", True]
    assert drawn == [[[2, [prefix, ["b", False]]], [4, [prefix, ["d", False]]]], [2, 4]]
