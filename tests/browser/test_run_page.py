"""The page of a run: what it is for stands first, everything is one address away, and nothing in it can act."""

import json
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, Route, expect

from tests.browser.axe import violations
from tests.browser.conftest import DESK, PHONE, picture
from tests.browser.made_by_hand import HandMade
from tests.browser.settling import fits, settled
from tests.e2e.programs import Site, wait_for

TABS = ("charts", "log", "media", "artifacts", "code", "environment", "events")
EVIL = "<img src=/evil-{n} onerror=\"fetch('/evil-{n}')\"><script>fetch('/evil-{n}')</script>"
EVIL_NOTES = """# {evil}

![x](https://evil.example/x.png) [j](javascript:fetch(1)) [d](data:text/html,x) <svg onload=fetch(1)>
<style>body {{ display: none }}</style> <iframe src=/evil-frame></iframe> [t](https://ok.example "{evil}")
"""
POINTS = """key => (document.querySelector(`[data-board] [data-key="${key}"] [data-plot]`)?.data ?? [])
  .reduce((most, trace) => Math.max(most, trace.x?.length ?? 0), 0)"""


def tab(page: Page, name: str) -> None:
    page.locator(f".run-tabs [data-tab-link={name}]").click()


def open_file(page: Page, path: str) -> None:
    page.locator(f'[data-file="{path}"]').click()
    expect(page.locator("[data-preview-of]")).to_have_attribute("data-preview-of", path)


def test_an_address_brings_back_its_part_and_back_leads_back(page: Page) -> None:
    page.goto("/runs/job-4/?tab=environment")
    expect(page.locator("[data-tab-panel=environment]")).to_contain_text("3.11.7")
    expect(page.locator("[data-tab-panel=charts]")).to_be_hidden()
    tab(page, "code")
    expect(page).to_have_url(re.compile("tab=code"))
    page.go_back()
    expect(page.locator("[data-tab-panel=environment]")).to_be_visible()
    page.goto("/runs/job-4/?tab=nonsense")
    expect(page.locator("[data-tab-panel=charts]")).to_be_visible()
    expect(page.locator("a[rel=next]")).to_have_text("job-5 →")
    page.locator("a[rel=next]").click()
    expect(page).to_have_url(re.compile("/runs/job-5/"))


def test_a_failed_run_opens_at_its_reason_and_leads_to_the_line(page: Page) -> None:
    page.goto("/runs/job-3/")
    why = page.get_by_role("region", name="Why it failed")
    expect(why).to_contain_text("Exit code 1 · torch.OutOfMemoryError: CUDA out of memory")
    expect(why.locator("pre")).to_contain_text('File "/home/ada/vision/train.py", line 118')
    expect(why.locator(".copyable code")).to_contain_text("whirr submit --vram 100G -- python")
    expect(why.get_by_role("button", name="Retry")).to_be_visible()
    expect(page.locator("[data-first-nan]")).to_contain_text("grad_norm became NaN at step 180")
    why.get_by_role("link", name="line 23 of the log").click()
    expect(page).to_have_url(re.compile(r"tab=log.*#L23"))
    expect(page.locator("[data-log-lines]")).to_contain_text("torch.OutOfMemoryError")


def test_artifacts_are_shown_as_what_their_bytes_are(page: Page) -> None:
    page.goto("/runs/job-4/?tab=artifacts&file=figures/confusion.png")
    shown = page.locator("[data-preview]")
    image = shown.locator("img")
    expect(image).to_be_visible()
    assert image.evaluate("async (img) => { await img.decode(); return img.naturalWidth; }") == 64
    expect(shown.locator(".preview-facts code")).to_have_text(re.compile("^[0-9a-f]{64}$"))

    open_file(page, "tables/errors.csv")
    expect(shown.locator("tbody tr")).to_have_count(200)
    expect(shown).to_contain_text("200 of 500 rows")
    shown.get_by_role("button", name="error").click()
    expect(shown.locator("tbody tr").first).to_contain_text("199")
    shown.get_by_role("button", name="Show 500").click()
    expect(shown.locator("tbody tr")).to_have_count(500)


def test_a_file_that_comes_late_takes_nobody_from_the_one_they_went_back_to(page: Page) -> None:
    late: list[Route] = []
    page.route("**/*path=report.md*", lambda route: late.append(route), times=1)
    page.goto("/runs/job-4/?tab=artifacts")
    open_file(page, "src/train.py")
    with page.expect_request("**/*path=report.md*"):
        page.locator("[data-file='report.md']").click()
    open_file(page, "src/train.py")
    page.evaluate("""() => { window.over = new Promise((done) =>
        document.body.addEventListener("htmx:afterOnLoad", done, { once: true })); }""")
    late.pop().continue_()
    page.evaluate("() => window.over.then(() => true)")
    expect(page.locator("[data-preview-of]")).to_have_attribute("data-preview-of", "src/train.py")
    expect(page.locator("[data-preview] .src .k").first).to_have_text("def")


def test_texts_are_told_apart_and_sounds_are_played(page: Page) -> None:
    page.goto("/runs/job-4/?tab=artifacts")
    shown = page.locator("[data-preview]")
    open_file(page, "report.md")
    expect(shown.locator(".markdown h3")).to_have_text("What this showed")
    shown.get_by_role("button", name="Source").click()
    expect(shown.locator(".src").first).to_have_text("## What this showed")
    open_file(page, "config/full.json")
    expect(shown.locator("[data-leaf='model.layers.2.width'] .value")).to_have_text("64")
    open_file(page, "tables/best.json")
    expect(shown.locator("tbody tr")).to_have_count(9)
    open_file(page, "src/train.py")
    expect(shown.locator(".src .k").first).to_have_text("def")
    open_file(page, "figures/sketch.svg")
    expect(shown).to_contain_text("never rendered")
    assert shown.locator(".preview-body svg").count() == 0
    open_file(page, "checkpoints/last.pt")
    expect(shown).to_contain_text("Nothing here can show this file")
    expect(shown.get_by_role("link", name="Download")).to_have_attribute("download", "")

    open_file(page, "sound/tone.wav")
    sound = shown.locator("audio")
    length = sound.evaluate(
        """each => new Promise((done, failed) => {
            each.onloadedmetadata = () => done(each.duration);
            each.onerror = () => failed(new Error("it cannot be played"));
            each.load();
        })"""
    )
    assert length == pytest.approx(0.5, abs=0.01)
    page.get_by_label("Find a file").fill("tone")
    expect(page.locator("[data-file]")).to_have_count(1)


def test_code_and_environment_say_what_it_ran_from(page: Page) -> None:
    page.goto("/runs/job-5/?tab=code")
    code = page.locator("[data-tab-panel=code]")
    expect(code).to_contain_text("changed since")
    expect(code.locator(".diff-sum")).to_contain_text("3 files changed since that commit: +6")
    expect(code.locator(".diff-sum .removed")).to_have_text("\N{MINUS SIGN}2")
    added = code.locator("[data-diff='0'] tr.is-new .src")
    expect(added.first).to_contain_text("# Larger norms blew up after epoch 3.")
    expect(code.locator("[data-diff='0'] tr.is-old .at").first).to_have_attribute("data-at", "13")
    expect(code.locator("[data-diff='2'] summary")).to_contain_text("deleted")
    tab(page, "environment")
    around = page.locator("[data-tab-panel=environment]")
    expect(around.get_by_role("link", name="1 package differs from job-4")).to_be_visible()
    page.get_by_label("Find a package").fill("torchv")
    expect(around.locator("[data-words]:visible")).to_have_text("torchvision0.20.1")
    tab(page, "events")
    expect(page.locator("[data-tab-panel=events]")).to_contain_text("completed")
    tab(page, "charts")
    page.get_by_label("Find in the config").fill("seed")
    expect(page.locator("[data-leaf]:visible")).to_have_count(1)


def test_notes_are_written_in_place_and_nothing_typed_is_lost(page: Page, site: Site) -> None:
    key = HandMade(site, 0xA1, name="noted").key
    page.goto(f"/runs/{key}/")
    page.get_by_role("button", name="Add notes").click()
    field = page.get_by_label("Notes, in Markdown")
    field.fill("# mine\n\n**bold** <b>not</b>")
    page.get_by_role("button", name="Preview").click()
    expect(page.get_by_role("region", name="Preview").locator("h3")).to_have_text("mine")
    page.reload()
    expect(field).to_have_value("# mine\n\n**bold** <b>not</b>")

    site.call("PATCH", f"/api/v1/runs/{key}", json={"notes": "theirs"})
    page.get_by_role("button", name="Save").click()
    other = page.locator("#notes [role=alert]")
    expect(other).to_contain_text("owner changed the notes meanwhile")
    expect(other.locator("pre")).to_have_text("theirs")
    expect(field).to_have_value("# mine\n\n**bold** <b>not</b>")
    page.get_by_role("button", name="Put theirs above mine").click()
    field.press("Control+Enter")
    notes = page.locator("[data-notes-shown]")
    expect(notes).to_contain_text("theirs")
    expect(notes.locator("strong")).to_have_text("bold")
    expect(notes).to_contain_text("<b>not</b>")
    assert "# mine" in site.call("GET", f"/api/v1/runs/{key}").json()["notes"]


def test_a_run_fills_its_page_while_somebody_looks(page: Page, site: Site) -> None:
    run = HandMade(site, 0xA3, name="live")
    page.goto(f"/runs/{run.key}/?tab=artifacts")
    page.evaluate("window.neverReloaded = true")
    expect(page.locator("[data-tab-panel=artifacts]")).to_contain_text("No file yet")
    run.artifact("a.txt", b"hello\n")
    expect(page.locator("[data-file='a.txt']")).to_be_visible()
    open_file(page, "a.txt")
    expect(page.locator("[data-tab-count]")).to_have_text(["0", "1"])
    run.lines("events.jsonl", '{"_idx": 0, "type": "text", "key": "said", "text": "hello"}\n')
    run.artifact("b.txt", b"hello\n")
    expect(page.locator("[data-tab-count]")).to_have_text(["1", "2"])
    expect(page.locator("[data-file='b.txt']")).to_be_visible()
    expect(page.locator("[data-preview]")).to_contain_text("hello")

    tab(page, "log")
    expect(page.locator("[data-log-hint]")).to_contain_text("stays in its terminal")
    tab(page, "charts")
    expect(page.locator("[data-waiting]")).to_be_visible()
    for step in range(5):
        run.log(step, loss=1 / (step + 1))
    wait_for(lambda: page.evaluate(POINTS, "loss") >= 5, within=20, what="five points")
    expect(page.locator("[data-no-charts]")).to_be_hidden()
    expect(page.locator("#side")).to_contain_text("loss")
    run.say_how_it_stands("completed")
    expect(page.locator("#head [data-state=completed]")).to_be_visible()
    assert page.evaluate("window.neverReloaded") is True


@pytest.fixture(scope="session")
def poisoned(site: Site) -> HandMade:
    """A run whose names, notes, files and changes would all like to be elements of the page."""
    evil = [EVIL.format(n=n) for n in range(12)]
    run = HandMade(site, 0xEE, name=evil[10], tags=[evil[0][:90]])
    run.document("config.json", json.dumps({evil[11]: {evil[11]: evil[11]}}))
    run.document("git.json", json.dumps({"commit": evil[3], "branch": evil[4], "untracked": evil}))
    head = f"diff --git a/{evil[0]} b/{evil[0]}\n--- a/x\n+++ b/{evil[0]}\n"
    run.document("git.diff", f"{head}@@ -1 +1 @@\n-{evil[1]}\n+{evil[2]}\n")
    run.document("requirements.txt", f"a=={evil[3].replace(' ', '')}\n")
    kept = {
        f"{evil[5].replace('/', '|')}.md": EVIL_NOTES.format(evil=evil[6]),
        "page.html": evil[7],
        "drawing.svg": f"<svg xmlns='http://www.w3.org/2000/svg'>{evil[7]}</svg>",
        "table.csv": f"{evil[8]},b\n{evil[8]},{evil[9]}\n",
        "tree.json": json.dumps({evil[8]: {"inner": evil[9]}}),
        "picture.png": evil[7],
        "sound.wav": evil[7],
    }
    for path, text in kept.items():
        run.artifact(path, text.encode())
    run.lines(
        "output.log", f"Traceback (most recent call last):\n{evil[1]}\nEvilError: {evil[2]}\n"
    )
    site.call("PATCH", f"/api/v1/runs/{run.key}", json={"notes": EVIL_NOTES.format(evil=evil[6])})
    run.say_how_it_stands("failed", python=evil[1], argv=[evil[2]], hostname=evil[3])
    return run


def test_hostile_names_files_notes_and_changes_make_no_element_and_send_no_request(
    page: Page, poisoned: HandMade
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"/runs/{poisoned.key}/?tab=charts")
    for name in TABS:
        tab(page, name)
        settled(page)
        assert (
            page.locator("main").locator("script, iframe, style, img, svg:not(.icon)").count() == 0
        )
    expect(page.get_by_role("region", name="Why it failed")).to_contain_text("EvilError: <img")
    assert page.locator("#notes a[href^='javascript:'], #notes a[href^='data:']").count() == 0
    tab(page, "artifacts")
    files = page.locator("[data-file]")
    expect(files).to_have_count(7)
    for place in range(7):
        link = files.nth(place)
        link.click()
        path = link.get_attribute("data-file") or ""
        expect(page.locator("[data-preview-of]")).to_have_attribute("data-preview-of", path)
        made = page.locator(".preview-body").locator("script, iframe, style, img, svg, audio")
        assert made.count() == 0, path
    settled(page)
    hosts = {urlsplit(url).netloc for url in asked}
    assert hosts == {urlsplit(page.url).netloc}
    assert not [url for url in asked if urlsplit(url).path.startswith("/evil")]
    downloaded = page.request.get(f"/api/v1/runs/{poisoned.key}/artifacts/page.html")
    assert downloaded.headers["content-disposition"].startswith("attachment")
    assert downloaded.headers["content-security-policy"].startswith("sandbox")
    assert downloaded.headers["x-content-type-options"] == "nosniff"


def test_every_part_reads_well_for_everybody(
    opened: Callable[..., Page], poisoned: HandMade
) -> None:
    """On a desk in light; the page as a whole is looked at in dark, too (test_every_page.py)."""
    page = opened(color_scheme="light", reduced_motion="reduce")

    def look(part: str) -> None:
        settled(page)
        for viewport in (PHONE, DESK):
            page.set_viewport_size(viewport)
            picture(page, f"run-{part}-{viewport['width']}")
            fits(page)
        assert violations(page) == [], part

    page.goto("/runs/job-4/?tab=charts")
    for name in TABS:
        tab(page, name)
        look(name)
    tab(page, "artifacts")
    open_file(page, "tables/errors.csv")
    look("file")
    page.goto(f"/runs/{poisoned.key}/")
    look("poisoned")
