"""The axe scan: what a screen reader, a keyboard or weak eyes would stumble over."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

axe = Axe()


def violations(page: Page) -> list[str]:
    """Each rule that the page breaks, with the elements that do; empty is what a test expects.

    The page must have loaded. Rules are those of WCAG 2.2 A and AA and axe's best practices.
    """
    found: dict[str, Any] = axe.run(page).response
    return [
        f"{rule['id']}: {rule['help']}: "
        + "; ".join(f"{node['target']} {node['html'][:120]}" for node in rule["nodes"][:5])
        for rule in found["violations"]
    ]
