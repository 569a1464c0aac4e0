"""The axe scan: what a screen reader, a keyboard or weak eyes would stumble over."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

SOURCE = Axe().axe_script
LOADED = "() => typeof window.axe === 'object'"
RUN = """async () => {
    const { violations } = await window.axe.run(document, { resultTypes: ["violations"], preload: false });
    return violations;
}"""


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with the elements that do; empty is what a test expects.

    Rules: those of WCAG 2.2 A and AA and axe's best practices.
    """
    page.wait_for_load_state()  # after a click, what a test looked for may stand there before the styles do
    if not page.evaluate(LOADED):
        page.evaluate(SOURCE)
    found: list[dict[str, Any]] = page.evaluate(RUN)
    return [
        f"{rule['id']}: {rule['help']}: "
        + "; ".join(f"{node['target']} {node['html'][:160]}" for node in rule["nodes"][:5])
        for rule in found
    ]
