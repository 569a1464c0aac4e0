"""What every page has around it: the palette, the keys, the theme, the clock, and what it says when things fail."""

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, WebSocketRoute, expect

from tests.browser.conftest import PHONE

SOON = 15_000  # ms; the machine may be busy with other tests


def open_palette(page: Page, text: str = "") -> None:
    page.keyboard.press("Control+k")
    expect(page.get_by_role("combobox", name="Find a run")).to_be_focused()
    if text:
        page.get_by_role("combobox", name="Find a run").fill(text)


class TestThePalette:
    def test_it_finds_a_run_by_its_name_and_opens_it_by_keyboard_alone(self, page: Page) -> None:
        page.goto("/queue/")
        open_palette(page, "tokenizer")
        expect(page.get_by_role("option").first).to_contain_text("tokenizer-bench", timeout=SOON)
        expect(page.get_by_role("status").filter(has_text="found")).to_be_visible()
        field = page.get_by_role("combobox", name="Find a run")
        expect(field).to_have_attribute("aria-activedescendant", "palette-option-0")
        page.keyboard.press("Enter")
        page.wait_for_url("**/runs/job-13/")

    def test_letters_in_their_order_are_enough(self, page: Page) -> None:
        page.goto("/queue/")
        open_palette(page, "tknzr")
        expect(page.get_by_role("option").first).to_contain_text("tokenizer-bench", timeout=SOON)

    def test_it_goes_to_pages_and_changes_the_theme(self, page: Page) -> None:
        page.goto("/queue/")
        open_palette(page, "theme dark")
        page.keyboard.press("Enter")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        open_palette(page, "workers")
        page.keyboard.press("Enter")
        page.wait_for_url("**/workers/")
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")

    def test_holding_a_job_is_an_action_that_says_what_it_did(self, page: Page) -> None:
        page.goto("/queue/")
        for verb, said in (("hold", "Job 19 is held back."), ("release", "Job 19 may start.")):
            open_palette(page, f"{verb} 19")
            expect(page.get_by_role("option").first).to_have_text(
                re.compile(f"^{verb} job 19", re.IGNORECASE), timeout=SOON
            )
            page.keyboard.press("Enter")
            expect(page.locator("[data-toast]")).to_contain_text(said, timeout=SOON)

    def test_cancelling_asks_first_and_nothing_happens_without_a_yes(self, page: Page) -> None:
        page.goto("/queue/")
        open_palette(page, "cancel 13")
        expect(page.get_by_role("option").first).to_contain_text("Cancel job 13", timeout=SOON)
        page.keyboard.press("Enter")
        expect(page.get_by_role("dialog", name="Are you sure?")).to_contain_text("Cancel job 13?")
        expect(page.get_by_role("button", name="Cancel job 13", exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        expect(page.get_by_role("dialog")).to_have_count(0)
        page.goto("/runs/job-13/")
        expect(page.locator("#head [data-state=running]")).to_be_visible()

    def test_the_focus_returns_to_where_it_was(self, page: Page) -> None:
        page.goto("/queue/")
        page.get_by_role("link", name="Workers").first.focus()
        open_palette(page)
        page.keyboard.press("Escape")
        expect(page.get_by_role("link", name="Workers").first).to_be_focused()


class TestKeys:
    def test_the_list_shows_those_of_the_page(self, page: Page) -> None:
        page.goto("/queue/")
        page.keyboard.press("?")
        listed = page.locator("#help")
        expect(listed).to_contain_text("go to: Overview, Runs, Queue")
        expect(listed).not_to_contain_text("follow the log")
        page.keyboard.press("Escape")
        expect(listed).to_be_hidden()

    def test_g_and_a_letter_go_to_a_page(self, page: Page) -> None:
        page.goto("/")
        for letter, path in (("q", "/queue/"), ("w", "/workers/"), ("o", "/"), ("a", "/admin/")):
            page.keyboard.press("g")
            page.keyboard.press(letter)
            page.wait_for_url(re.compile(f"//[^/]+{path}$"))  # "**/" is any page's

    def test_keys_that_a_busy_page_hears_late_count_from_when_they_were_pressed(
        self, page: Page
    ) -> None:
        page.goto("/queue/")
        page.evaluate("""() => {
            const keys = ["g", "w"].map((key) => new KeyboardEvent("keydown", { key, bubbles: true }));
            const now = Date.now();
            Date.now = () => now + 2000;
            keys.forEach((each) => (document.body.dispatchEvent(each), (Date.now = () => now + 4000)));
        }""")
        page.wait_for_url("**/workers/")

    def test_no_key_is_taken_from_somebody_who_types(self, page: Page) -> None:
        page.goto("/submit/")
        field = page.get_by_label("Command")
        field.fill("")
        field.press_sequentially("g q ? / j x")
        expect(field).to_have_value("g q ? / j x")
        expect(page.locator("#help")).to_be_hidden()
        assert page.url.endswith("/submit/")

    def test_the_first_tab_offers_to_skip_to_the_content(self, page: Page) -> None:
        page.goto("/workers/")
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
        page.keyboard.press("Enter")
        expect(page.locator("main")).to_be_focused()


class TestTheTheme:
    def test_the_first_paint_has_it(self, opened: Callable[..., Page]) -> None:
        """What the page looks like when its body begins is what it stays."""
        page = opened(color_scheme="dark")
        page.add_init_script(
            "new MutationObserver((_, seen) => { if (!document.body) return; seen.disconnect();"
            "window.first = document.documentElement.dataset.theme; })"
            ".observe(document, { childList: true, subtree: true });"
        )
        page.goto("/")
        assert page.evaluate("window.first") == "dark"
        page.emulate_media(color_scheme="light")
        expect(page.locator("html")).to_have_attribute("data-theme", "light")

    def test_a_phone_has_a_bar_with_everything_in_it(self, opened: Callable[..., Page]) -> None:
        page = opened(viewport=PHONE)
        page.goto("/")
        for name in ("Overview", "Runs", "Queue", "Sweeps", "Workers"):
            expect(page.get_by_role("navigation").get_by_role("link", name=name)).to_be_in_viewport(
                ratio=1
            )
        page.get_by_role("button", name="Find a run").click()
        expect(page.get_by_role("combobox", name="Find a run")).to_be_focused()


class TestTheClock:
    def test_a_time_says_both_clocks_and_a_choice_is_kept(
        self, opened: Callable[..., Page]
    ) -> None:
        page = opened(timezone_id="Asia/Tokyo")
        page.goto("/queue/")
        time = page.locator("time[datetime]:visible").first
        time.hover()  # a page may have thousands: the tooltip of each is made when it is wanted
        expect(time).to_have_attribute(
            "title", re.compile(r"^(since )?\S+ \S+ Asia/Tokyo\n.* UTC$")
        )
        page.get_by_role("button", name="Times:").click()
        time.hover()
        expect(time).to_have_attribute(
            "title", re.compile(r"^(since )?\S+ \S+ UTC\n.* Asia/Tokyo$")
        )
        page.reload()
        expect(page.get_by_role("button", name="Times:")).to_contain_text("UTC")


class TestWhenThingsFail:
    def test_a_lost_socket_is_said_with_a_countdown_and_can_be_tried_at_once(
        self, page: Page
    ) -> None:
        refused = True

        def answer(socket: WebSocketRoute) -> None:
            if refused:
                socket.close(code=1011)
            else:
                socket.connect_to_server()

        page.route_web_socket("**/ws/queue/", answer)
        page.goto("/queue/")
        bar = page.locator("[data-lost]")
        expect(bar).to_contain_text("Live updates are paused", timeout=SOON)
        expect(bar).to_contain_text(re.compile(r"Retrying in ([4-9]|1\d) s\."), timeout=SOON)
        refused = False
        bar.get_by_role("button", name="Retry now").click()
        expect(bar).to_be_hidden(timeout=SOON)

    def test_a_part_that_cannot_be_refreshed_says_how_old_it_is(
        self, page: Page, forgiven: list[str]
    ) -> None:
        page.goto("/queue/")
        forgiven += ["ERR_FAILED", "htmx:"]
        page.route(re.compile("/queue/"), lambda route: route.abort())
        page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
        mark = page.locator("[data-stale]")
        expect(mark).to_have_text(re.compile(r"as of (just now|\d+ s ago)"), timeout=SOON)
        page.unroute(re.compile("/queue/"))
        page.evaluate("document.dispatchEvent(new Event('whirr:refresh'))")
        expect(mark).to_have_count(0, timeout=SOON)

    def test_what_the_server_refuses_is_told_in_its_words_with_an_id(
        self, page: Page, forgiven: list[str]
    ) -> None:
        forgiven.append("status of 409")

        def refuse(route: Route) -> None:
            headers = {"Content-Type": "text/plain; charset=utf-8", "X-Request-ID": "abc123"}
            route.fulfill(status=409, body="job 19 has ended", headers=headers)

        page.goto("/queue/")
        page.route("**/jobs/19/hold", refuse)
        open_palette(page, "hold 19")
        expect(page.get_by_role("option").first).to_contain_text("job 19", timeout=SOON)
        page.keyboard.press("Enter")
        toast = page.locator("[data-toast]")
        expect(toast.get_by_role("alert")).to_contain_text("job 19 has ended", timeout=SOON)
        expect(toast).to_contain_text("Request abc123")

    def test_a_page_that_is_none_says_what_to_do(self, page: Page, forgiven: list[str]) -> None:
        forgiven.append("status of 404")
        page.goto("/runs/job-404/")
        expect(page.get_by_role("heading", level=1)).to_have_text("There is nothing here")
        expect(page.locator("main")).to_contain_text("There is no run job-404.")
        expect(page.locator(".failure-id code")).to_have_text(re.compile(r"^[0-9a-f]{12}$"))


def test_a_hidden_tab_asks_for_nothing(page: Page) -> None:
    """Nor for what it heard of just before it was hidden; the socket tells of that again."""
    asked: list[str] = []
    sockets: list[WebSocketRoute] = []
    page.clock.install()
    page.route_web_socket("**/ws/**", lambda socket: sockets.append(socket))
    with page.expect_response("**/queue/usage"):
        page.goto("/queue/")
    with page.expect_response("**/queue/?*"):
        sockets[0].send('{"type": "changed"}')
    sockets[0].send('{"type": "changed"}')  # too soon after the first: it waits
    page.evaluate(
        "Object.defineProperty(document, 'hidden', { value: true });"
        "document.dispatchEvent(new Event('visibilitychange'))"
    )
    page.on("request", lambda request: asked.append(request.url))
    page.clock.run_for(20_000)
    with page.expect_request("**/trash/"):
        page.evaluate("fetch('/trash/')")
    assert [url.rpartition("//")[2].partition("/")[2] for url in asked] == ["trash/"]
    assert len(sockets) == 1
