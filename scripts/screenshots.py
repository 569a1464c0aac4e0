"""Take the pictures of docs/screenshots/: `python scripts/screenshots.py [page ...]`, or `make screenshots`.

Two servers of its own, in folders that are thrown away: one with a day of work that scripts/seed.py made up (a lab
with GPUs, for the overview and the table), and a real stack on which small networks train while the camera runs (the
run page and the comparison). Each page is taken light and dark, on a desk and on a phone.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
OUT = ROOT / "docs" / "screenshots"
BIN = Path(sys.executable).parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-color-profile=srgb")
SIZES = {"": (1440, 900), "-phone": (360, 740)}
THEMES = ("light", "dark")
RATES = (0.1, 0.03, 0.003)


@dataclass(frozen=True)
class Shot:
    """A page and what has to be on it before the picture is taken."""

    name: str
    path: str
    ready: str


SEEDED = (
    Shot("overview", "/", ".device"),
    Shot("runs", "/runs/", "tbody tr"),
    Shot("sweep", "/compare/?runs=job-1,job-4,job-7", ".plot .main-svg"),
    Shot("failure", "/runs/job-3/", ".why pre"),
)


def free_port() -> int:
    with socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def call(url: str, secret: str, body: dict[str, Any] | None = None) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {secret}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data=data, headers=headers)  # noqa: S310
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310
        found: dict[str, Any] = json.load(answer)
        return found


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
        web.wait(timeout=20)


def wait_for(url: str, patience: float = 60) -> None:
    end = time.monotonic() + patience
    while True:
        try:
            call(url, "")
        except OSError:
            if time.monotonic() > end:
                raise
            time.sleep(0.3)
        else:
            return


@contextmanager
def real_stack(folder: Path) -> Iterator[str]:
    """`whirr up` in an empty folder; yields the link that it prints."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith("WHIRR_")}
    environment["PATH"] = f"{BIN}:{environment['PATH']}"  # the agent's jobs say `python`
    options: dict[str, Any] = {"cwd": folder, "env": environment, "check": True}
    up = [BIN / "whirr", "up", "--detach", "--no-browser", "--port", str(free_port())]
    said = subprocess.run(up, stdout=subprocess.PIPE, text=True, **options).stdout
    try:
        yield next(word for word in said.split() if "/enter#" in word)
    finally:
        subprocess.run([BIN / "whirr", "down"], **options)


def train(url: str, secret: str, folder: Path) -> list[str]:
    """Queue a small sweep that really trains; wait until its last run is half way. Returns the runs' ids."""
    shutil.copy(ROOT / "examples" / "digits" / "train.py", folder)
    keys = []
    for rate in RATES:
        command = ["python", "train.py", "--lr", str(rate)]
        wish = {
            "command_argv": command,
            "workdir": str(folder),
            "name": "digits",
            "tags": ["sweep"],
        }
        keys.append(call(f"{url}/api/v1/jobs", secret, wish)["run_id"])
    number = keys[-1].removeprefix("job-")
    while call(f"{url}/api/v1/jobs/{number}", secret)["status"] == "queued":
        time.sleep(0.5)
    time.sleep(4)
    return keys


def take(browser: Browser, link: str, shots: tuple[Shot, ...], wanted: set[str]) -> None:
    url = link.split("/enter")[0]
    for suffix, (width, height) in SIZES.items():
        page = browser.new_page(
            viewport={"width": width, "height": height}, device_scale_factor=1.5 if suffix else 1
        )
        page.goto(link)
        page.wait_for_url(f"{url}/")
        for shot in shots:
            if not wanted or shot.name in wanted:
                in_both_themes(page, url, shot, suffix)
        page.close()


def in_both_themes(page: Page, url: str, shot: Shot, suffix: str) -> None:
    page.goto(url + shot.path)
    page.wait_for_selector(shot.ready)
    page.wait_for_timeout(2500)  # charts draw, sockets speak
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.wait_for_timeout(1200)
        page.screenshot(path=OUT / f"{shot.name}{suffix}-{theme}.png")
    wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    if wider > 0:
        raise SystemExit(f"{shot.name}{suffix} is {wider} px wider than the screen")


def main() -> None:
    wanted = set(sys.argv[1:])
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("Chromium is missing: apt-get install chromium")
    OUT.mkdir(parents=True, exist_ok=True)
    with (
        tempfile.TemporaryDirectory(prefix="whirr-shots-") as name,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=list(FLAGS))
        folder = Path(name)
        for each in ("seeded", "real"):
            (folder / each).mkdir()
        if not wanted or wanted & {shot.name for shot in SEEDED}:
            with seeded_server(folder / "seeded") as link:
                take(browser, link, SEEDED, wanted)
        if not wanted or wanted & {"run", "compare"}:
            with real_stack(folder / "real") as link:
                url, secret = link.split("/enter#")
                keys = train(url, secret, folder / "real")
                shots = (
                    Shot("run", f"/runs/{keys[-1]}/", ".plot .main-svg"),
                    Shot("compare", f"/compare/?runs={','.join(keys)}", ".plot .main-svg"),
                )
                take(browser, link, shots, wanted)
        browser.close()


if __name__ == "__main__":
    main()
