"""Cards and legend of a board when its runs are asked for anew: nothing moves that need not, and the focus stays."""

from playwright.sync_api import Page, expect

from tests.browser.boards import chart, compare, lines

BOARD = """async () => {
  const moved = [];
  const seen = new MutationObserver((changes) => moved.push(...changes));
  const root = document.querySelector("[data-board]");
  seen.observe(root, { childList: true, subtree: true });
  const card = document.querySelector('[data-key="train/loss"]');
  await card.chart.board.reload();
  const nodes = moved.concat(seen.takeRecords()).flatMap(({ addedNodes }) => [...addedNodes]);
  return nodes.filter((each) => each.matches?.("[data-section], [data-key], li")).length;
}"""


def test_a_reload_moves_no_card_and_takes_no_focus(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    button = chart(page, "train/loss").get_by_role("button", name="Menu of train/loss")
    button.focus()
    assert page.evaluate(BOARD) == 0
    expect(button).to_be_focused()
    page.locator("[data-board-legend] summary").click()
    eye = page.locator('[data-eye="job-2"]')
    eye.focus()
    assert page.evaluate(BOARD) == 0
    expect(eye).to_be_focused()


def test_a_chart_that_is_shown_large_stays_so_when_it_is_pinned(page: Page) -> None:
    compare(page)
    lines(page, least=4)
    button = chart(page, "train/loss").get_by_role("button", name="Menu of train/loss")
    button.click()
    page.get_by_role("button", name="Large view", exact=True).click()
    large = page.get_by_role("dialog", name="Chart, large")
    large.get_by_role("button", name="Menu of train/loss").click()
    page.get_by_role("button", name="Pin on top").click()
    expect(large.locator('[data-key="train/loss"]')).to_have_count(1)
    page.keyboard.press("Escape")
    expect(page.locator("[data-section=pinned] [data-key]")).to_have_attribute(
        "data-key", "train/loss"
    )
