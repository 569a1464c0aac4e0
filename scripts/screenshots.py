"""Take the pictures of docs/screenshots/: `python scripts/screenshots.py [page ...]`, or `make screenshots`.

A web process in a folder that is thrown away, on the day of work that scripts/seed.py makes up. Every page is taken
light and dark, on a desk (1440 x 900) and on a phone (360 x 740), as much of it as the screen shows. It fails where a
page is wider than the screen.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "screenshots"
FLAGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")
SIZES = {"": (1440, 900), "-phone": (360, 740)}
THEMES = ("light", "dark")
PATIENCE = 30_000  # ms until what a picture waits for is there
SETTLES = 400  # ms in which charts follow a theme


def nothing(_page: Page) -> None:
    """Most pages are taken as they open."""


def open_palette(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_role("combobox", name="Find a run").fill("vit")
    page.get_by_role("option", name="job-").first.wait_for()


def open_keys(page: Page) -> None:
    page.keyboard.press("?")


@dataclass(frozen=True)
class Shot:
    """A page, what has to be on it before the picture is taken, and what is done before."""

    name: str
    path: str
    ready: str = "main"
    first: Callable[[Page], None] = nothing


SHOTS = (
    Shot("overview", "/"),
    Shot("timeline", "/timeline/"),
    Shot("runs", "/runs/?q=tag:sweep+state:completed", "[data-key]"),
    Shot("groups", "/runs/?group=config.lr&split=60", "main tbody tr"),
    Shot("run", "/runs/job-10/", ".main-svg"),
    Shot("failure", "/runs/job-3/"),
    Shot("compare", "/compare/?runs=job-1,job-4,job-7,job-9", ".main-svg"),
    Shot("queue", "/queue/"),
    Shot("sweeps", "/arrays/"),
    Shot("sweep", "/arrays/1/"),
    Shot("workers", "/workers/"),
    Shot("submit", "/submit/"),
    Shot("trash", "/trash/"),
    Shot("palette", "/queue/", first=open_palette),
    Shot("keys", "/runs/", "[data-row]", open_keys),
    Shot("not-found", "/runs/job-404/"),
    Shot("enter", "/enter"),
)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@contextmanager
def seeded_server(folder: Path) -> Iterator[str]:
    """A web process on invented data; yields the link that lets a browser in."""
    environment = {**os.environ, "WHIRR_DATA_DIR": str(folder)}
    subprocess.run([sys.executable, ROOT / "scripts" / "seed.py"], env=environment, check=True)
    port = free_port()
    web = subprocess.Popen(
        [sys.executable, "-m", "whirr_site.web", "--port", str(port)], env=environment, cwd=ROOT
    )
    try:
        wait_for(f"http://127.0.0.1:{port}/health")
        yield f"http://127.0.0.1:{port}/enter#{(folder / 'secret').read_text().strip()}"
    finally:
        web.terminate()
        web.wait(timeout=60)


def wait_for(url: str, patience: float = 180) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=10):  # noqa: S310
                return
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)


def take(browser: Browser, link: str, wanted: set[str]) -> None:
    url = link.split("/enter")[0]
    for suffix, (width, height) in SIZES.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(PATIENCE)
        page.goto(link)
        page.wait_for_url(f"{url}/")
        for shot in SHOTS:
            if not wanted or shot.name in wanted:
                in_both_themes(page, url, shot, suffix)
        page.close()


def in_both_themes(page: Page, url: str, shot: Shot, suffix: str) -> None:
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    page.goto(url + shot.path)
    page.wait_for_selector(shot.ready, state="attached")
    page.wait_for_load_state("networkidle")
    shot.first(page)
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_timeout(SETTLES)
        page.screenshot(path=OUT / f"{shot.name}{suffix}-{theme}.png")
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wider > 0:
        raise SystemExit(f"{shot.name}{suffix} is {wider} px wider than the screen")


def main() -> None:
    wanted = set(sys.argv[1:])
    if unknown := wanted - {shot.name for shot in SHOTS}:
        known = ", ".join(shot.name for shot in SHOTS)
        raise SystemExit(f"no picture is called {', '.join(sorted(unknown))}; there are: {known}")
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="whirr-shots-") as name,
        sync_playwright() as playwright,
        seeded_server(Path(name)) as link,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        take(browser, link, wanted)
        browser.close()


if __name__ == "__main__":
    main()
