"""What the scripts make of a log, in a real browser: rows as a terminal shows them, and text whatever is in it."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.modules import empty_page

RED, OFF, UP = "\x1b[31m", "\x1b[0m", "\x1b[A"


@pytest.fixture(scope="module")
def page(chrome: Browser) -> Iterator[Page]:
    with empty_page(chrome) as page:
        yield page


Shown = Callable[..., dict[str, Any]]


@pytest.fixture
def shown(page: Page) -> Shown:
    """What is drawn of a page of lines: texts, chips and numbers of the rows, classes and tags used, requests made."""

    def show(*lines: str, lead: tuple[str, ...] = (), **view: Any) -> dict[str, Any]:
        requests: list[str] = []
        page.on("request", lambda request: requests.append(request.url))
        answer: dict[str, Any] = page.evaluate(
            """async ([lines, lead, view]) => {
              const { arrange } = await import("/log/arrange.js");
              const { rowElement } = await import("/log/element.js");
              const { Folds } = await import("/log/folds.js");
              const folds = new Folds();
              folds.arrange();
              folds.live([...lead, ...lines], 1);
              (view.closed ?? []).forEach((first) => folds.toggle(first));
              const opened = new Set(view.opened ?? []);
              const { stamps: times = null, leadTime } = view;
              const page = { first: lead.length + 1, lead, leadTime, raw: lines, cut: {}, times };
              const asked = { raw: false, repeats: "exact", times: "off", began: 0, ...view, opened, folds };
              const box = document.createElement("div");
              box.append(...arrange(page, asked).map((item) => rowElement(item, { times: asked.times })));
              document.body.replaceChildren(box);
              await new Promise((done) => setTimeout(done, 20));
              const text = (row, name) => [...row.querySelectorAll(name)].map((each) => each.textContent);
              const rows = [...box.children];
              return {
                lines: rows.map((row) => row.querySelector(".text")?.textContent ?? row.textContent),
                chips: rows.map((row) => text(row, ".chip").join()),
                numbers: rows.map((row) => Number(row.dataset.line)),
                times: rows.flatMap((row) => text(row, ".at")),
                levels: rows.map((row) => row.className.replace(/^line ?/, "")),
                classes: [...box.querySelectorAll(".text > span, .text > a")].map((each) => each.className),
                tags: [...new Set([...box.querySelectorAll(".text, .text *")].map((each) => each.tagName))].sort(),
                links: [...box.querySelectorAll(".text a")].map((each) => [each.href, each.rel, each.textContent]),
              };
            }""",
            [list(lines), list(lead), view],
        )
        answer["requests"] = [url for url in requests if not url.endswith(".js")]
        return answer

    return show


def test_hostile_output_is_text(shown: Shown) -> None:
    answer = shown(
        "<img src=//evil.test/x onerror=alert(1)><svg onload=alert(1)>",
        "\x1b]8;;javascript:alert(1)\x07click\x1b]8;;\x07 \x1b]8;;data:text/html,x\x1b\\data\x1b]8;;\x1b\\",
        f"{RED}<script>alert(1)</script>{OFF}",
        "\x1b]0;title\x07\x1bP+q\x1b\\\x1b[2J\x1b[999;999H\x00\x08end",
        "\x1b[38;2;999;1modd\x1b[38;5;9999m\x1b[48:2::1:2:3mcolours\x1b[<1m",
        "\x9b31mno\x9d\x1b]52;c;aGk=\x07",
    )

    assert answer["tags"] == ["SPAN"]
    assert answer["requests"] == []
    assert answer["lines"][0].startswith("<img src=")
    assert answer["lines"][1:] == [
        "click data", "<script>alert(1)</script>", "end", "oddcolours", "31mno"
    ]  # fmt: skip
    assert answer["classes"][0] == "fg1"


def test_a_link_goes_to_the_web_alone_and_says_nothing_of_where_it_came_from(shown: Shown) -> None:
    answer = shown("see \x1b]8;;https://example.org/a?b=\"'<\x1b\\the docs\x1b]8;;\x1b\\ now")
    assert answer["lines"] == ["see the docs now"]
    assert answer["links"] == [
        ["https://example.org/a?b=%22%27%3C", "noopener noreferrer", "the docs"]
    ]
    assert answer["requests"] == []


def test_styles_are_those_of_the_escapes(shown: Shown) -> None:
    answer = shown(
        "\x1b[1;3;4;9;32mall\x1b[22;23m some\x1b[0m none",
        "\x1b[7minverse\x1b[27m \x1b[41mback\x1b[49m \x1b[38;5;196mcube\x1b[38;2;1;2;3mtrue",
        "still\x1b[m",
        "\x1b[4:3mcurly\x1b[4:0m none",
    )
    assert answer["classes"] == [
        "bold italic underline strike fg2", "underline strike fg2",
        "on inverse", "on bg1", "fg-own", "fg-own", "fg-own", "underline",
    ]  # fmt: skip


def test_a_progress_bar_is_its_last_state_and_its_states_are_a_click_away(shown: Shown) -> None:
    bar = "0 %\r50 %\r100 %"
    answer = shown(bar, "windows\r", "next")
    assert answer["lines"] == ["100 %", "windows", "next"]
    assert answer["chips"] == ["3 updates", "", ""]

    opened = shown(bar, "next", opened=["u1"])
    assert opened["lines"] == ["100 %", "0 %", "50 %", "100 %", "next"]
    assert opened["numbers"] == [1, 1, 1, 1, 2]


def test_a_shorter_state_leaves_what_a_terminal_leaves(shown: Shown) -> None:
    assert shown("abcdef\rxy", "abcdef\r\x1b[Kxy", "abcdef\x1b[2K\rxy", "12345\b\b\bX", "a\x1b[5Cb")["lines"] == [
        "xycdef", "xy", "xy", "12X45", "a     b"
    ]  # fmt: skip


def test_several_bars_that_move_the_cursor_up_are_a_row_each(shown: Shown) -> None:
    """As tqdm draws bars below each other: every refresh of the lower one is a line of the raw log."""
    lines = ["start"]
    for n in range(0, 101, 10):
        lines.append(f"\rtrain {n} %")
        lines.append(f"\rvalid {n} %{UP}\r{UP}")
    lines += ["", "", "done"]
    answer = shown(*lines)
    assert [text for text in answer["lines"] if text] == [
        "start",
        "train 100 %",
        "valid 100 %",
        "done",
    ]
    assert answer["chips"][1:3] == ["11 updates", "11 updates"]
    assert answer["numbers"][:3] == [1, 2, 3]
    assert answer["numbers"][-1] == len(lines)


def test_a_bar_that_began_on_the_page_before_goes_on_with_numbers_of_this_one(shown: Shown) -> None:
    lead = ("before", "a 1 %", "b 1 %")
    answer = shown(f"{UP}{UP}\ra 2 %", "\rb 2 %", "end", lead=lead)
    assert answer["lines"] == ["a 2 %", "b 2 %", "end"]
    assert answer["numbers"] == [4, 5, 6]


def test_colours_go_on_over_lines_and_from_the_page_before(shown: Shown) -> None:
    answer = shown("still", f"red{OFF}", "plain", lead=(f"{RED}begin",))
    assert answer["classes"] == ["fg1", "fg1"]


def test_raw_shows_every_line_and_every_escape(shown: Shown) -> None:
    answer = shown(f"{RED}a\rb{OFF}", "same", "same", "same", raw=True)
    assert answer["lines"] == ["␛[31ma␍b␛[0m", "same", "same", "same"]


@pytest.mark.parametrize(("repeats", "rows"), [("exact", 5), ("alike", 2), ("off", 7)])
def test_repeated_lines_are_one_as_far_as_the_reader_wants_it(
    repeats: str, rows: int, shown: Shown
) -> None:
    lines = ["same", "same", "same", "step 1", "step 2", "step 3.5", "step 4"]
    answer = shown(*lines, repeats=repeats)
    assert len(answer["lines"]) == rows
    assert answer["chips"][0] == ("\N{MULTIPLICATION SIGN} 3" if repeats != "off" else "")
    assert shown(*lines, opened=["c1"])["lines"] == lines


def test_a_long_traceback_keeps_what_called_and_what_raised(shown: Shown) -> None:
    frames = [
        part for n in range(40) for part in (f'  File "a.py", line {n}, in f', f"    call_{n}()")
    ]
    answer = shown("Traceback (most recent call last):", *frames, "ValueError: no")
    assert len(answer["lines"]) < 22
    assert [chip for chip in answer["chips"] if chip] == ["32 frames"]
    assert answer["lines"][2] == "    call_0()"
    assert answer["lines"][-2:] == ["    call_39()", "ValueError: no"]
    assert answer["levels"][0] == answer["levels"][-1] == "trouble"


def test_the_chatter_of_pip_is_one_line(shown: Shown) -> None:
    answer = shown(*[f"Collecting package-{n}" for n in range(9)], "ready")
    assert answer["lines"] == ["Collecting package-0", "ready"]
    assert answer["chips"][0] == "9 lines of pip"


def test_groups_fold_and_levels_are_seen(shown: Shown) -> None:
    lines = [
        "::group::Setup",
        "inside",
        "::endgroup::",
        "WARNING: x",
        "KeyError: y",
        "errors are fine",
    ]
    live = shown(*lines)
    assert live["lines"] == ["▾Setup", "inside", "WARNING: x", "KeyError: y", "errors are fine"]
    assert live["levels"][2:] == ["warning", "trouble", ""]
    closed = shown(*lines, closed=[1])
    assert closed["lines"][:2] == ["▸Setup", "WARNING: x"]
    assert closed["numbers"][:2] == [1, 4]


def test_times_and_long_silences_are_drawn(shown: Shown) -> None:
    stamps = [1000, 1061, 1062]
    answer = shown("a", "b", "c", times="relative", stamps=stamps, began=990)
    assert answer["times"] == ["00:10", "01:11", "01:12"]
    assert answer["lines"][1] == "1 m 01 s without a line"
    behind = shown("b", lead=("a",), times="utc", stamps=[1061], leadTime=1000)
    assert behind["lines"] == ["1 m 01 s without a line", "b"], "also where a page of lines begins"
    assert shown("a", times="utc", stamps=[0])["times"] == ["1970-01-01 00:00:00Z"]


def test_a_line_of_ten_megabytes_does_not_hold_up_the_page(page: Page, shown: Shown) -> None:
    answer = shown("x" * 10_000_000, "short")
    assert len(answer["lines"][0]) < 9000
    assert answer["chips"][0] == "the rest of this line is in the raw log"
    assert answer["lines"][1] == "short"


def test_a_page_knows_when_its_lines_and_the_one_before_them_came(page: Page) -> None:
    """A push may bring what came within fifteen seconds: each line has its own time."""
    told = page.evaluate(
        """async () => {
          const { Pages } = await import("/log/pages.js");
          const pages = new Pages("/nowhere", { attempt: 1, onChange: () => {} });
          const text = "x\\n".repeat(501);
          const times = [...Array(502).keys()];
          pages.push({ text, offset: 0, end: text.length, size: 1002, line: 1, time: 700, times });
          pages.push({ text: "y\\n", offset: 1002, end: 1004, size: 1004, line: 502, time: 800, times: null });
          return [pages.page(0).times.at(-1), pages.isWhole(1), pages.page(1).leadTime, pages.page(1).times];
        }"""
    )
    assert told == [499, True, 499, [500, 800]]


def test_pushes_go_on_where_the_last_one_ended(page: Page) -> None:
    """An escape, or a line, that a push cuts is put together; after a gap the missing lines are known to be missing."""
    told = page.evaluate(
        """async () => {
          const { Pages } = await import("/log/pages.js");
          const pages = new Pages("/nowhere", { attempt: 1, onChange: () => {} });
          const push = (text, offset, line) =>
            pages.push({ text, offset, end: offset + text.length, size: 999, line, time: null });
          push("a\\x1b[3", 0, 1);
          push("1mred\\nnext", 4, 1);
          push("\\n", 14, 2);
          const first = [...pages.page(0).raw], count = pages.count, whole = pages.isWhole(0);
          push("late\\n", 500, 9);
          return [first, count, whole, pages.count, pages.isWhole(0), pages.page(0).raw[8]];
        }"""
    )
    assert told == [["a\x1b[31mred", "next"], 2, True, 9, False, "late"]


def test_where_a_line_is_in_a_list_with_hidden_lines(page: Page) -> None:
    """Heights of pages that are not here are those of their lines, without the closed groups."""
    told = page.evaluate(
        """async () => {
          const { Geometry } = await import("/log/geometry.js");
          const { Folds } = await import("/log/folds.js");
          const geometry = new Geometry(), folds = new Folds();
          const group = (first, last) => ({ kind: "group", first, last, title: "" });
          folds.take([group(400, 1400), group(410, 420)], 3000, 0);
          geometry.row = 10;
          geometry.shape(3000, folds);
          const at = geometry.at(geometry.of(2000));
          const places = [geometry.total, geometry.of(400), geometry.of(1401), at.number, at.within];
          return [...places, folds.hidden(1, 3000), folds.isShown(405)];
        }"""
    )
    assert told == [20_000, 3990, 4000, 3, 4990, 1000, False]
