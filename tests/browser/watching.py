"""What no page of ours may do: log an error, ask another host, offend its own policy."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Page, Request

REPORT = """
document.addEventListener("securitypolicyviolation", (event) => {
  (window.__violations ??= []).push(`${event.violatedDirective}: ${event.blockedURI} ${event.sample}`);
});
"""
LOCAL = {"", "data", "blob"}


class Watched:
    """Listens to a page from its beginning; `complaints` says what was wrong."""

    def __init__(self, page: Page, url: str) -> None:
        self.page, self.host = page, urlsplit(url).netloc
        self.complaints: list[str] = []
        page.add_init_script(REPORT)
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self.request)

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in LOCAL and parts.netloc != self.host:
            self.complaints.append(f"asked another host: {request.url}")

    def collect(self) -> None:
        """Add what the page's own policy refused."""
        if not self.page.is_closed():
            self.complaints += self.page.evaluate("window.__violations ?? []")
