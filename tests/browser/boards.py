"""Charts of four seeded runs on the compare page, and what they draw."""

from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Locator, Page

from tests.e2e.programs import wait_for

RUNS = "job-1,job-2,job-4,job-5"
# Scrolled to at each look: a board that learns of more metrics may make the card anew.
LINES = """(key) => {
  const plot = document.querySelector(`[data-key="${key}"] [data-plot]`);
  plot?.scrollIntoView({ block: "nearest" });
  return (plot?.data ?? []).filter(({ meta }) => meta?.role === "line")
    .map(({ x, y, meta, name }) => ({ x: [...x], y: [...y], name, run: meta.run, type: plot.layout.yaxis.type }));
}"""


def chart(page: Page, key: str) -> Locator:
    return page.locator(f'[data-key="{key}"]').first


def lines(page: Page, key: str = "train/loss", *, least: int = 1) -> list[dict[str, Any]]:
    """The lines of a chart, once there are as many."""

    def look() -> list[dict[str, Any]] | None:
        found: list[dict[str, Any]] = page.evaluate(LINES, key)
        return found if len(found) >= least else None

    return wait_for(look, within=30, what=f"{least} lines of {key}")


def compare(page: Page, **query: str) -> None:
    asked = "&".join(f"{name}={value}" for name, value in query.items())
    page.goto(f"/compare/?runs={RUNS}&{asked}")


def query(page: Page) -> dict[str, list[str]]:
    return parse_qs(urlsplit(page.url).query)


def plot_box(page: Page, key: str = "train/loss") -> dict[str, float]:
    box = chart(page, key).locator(".nsewdrag").bounding_box()
    assert box is not None
    return {side: box[side] for side in ("x", "y", "width", "height")}
