"""What no page of ours may do: log an error, ask another host, offend its own policy."""

from urllib.parse import urlsplit

from playwright.sync_api import ConsoleMessage, Error, Page, Request, Response

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
        self.refused: list[Response] = []
        page.add_init_script(REPORT)
        page.on("console", self.console)
        page.on("pageerror", lambda error: self.complaints.append(f"uncaught: {error}"))
        page.on("request", self.request)
        page.on("response", self.response)

    def console(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.complaints.append(f"console: {message.text} ({message.location.get('url', '')})")

    def request(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in LOCAL and parts.netloc != self.host:
            self.complaints.append(f"asked another host: {request.url}")

    def response(self, response: Response) -> None:
        if response.status >= 400:
            self.refused.append(response)

    def collect(self) -> None:
        """Add what the page's own policy refused, and what the server said where it refused something."""
        if not self.page.is_closed():
            self.complaints += self.page.evaluate("window.__violations ?? []")
        said = {response.url: told(response) for response in self.refused if self.complaints}
        self.complaints = [
            next((f"{each}: {text}" for url, text in said.items() if f"({url})" in each), each)
            for each in self.complaints
        ]


def told(response: Response) -> str:
    """What was asked and answered, for whoever has to find out why a test complains."""
    asked = response.request.post_data or ""
    try:
        answer = response.text()
    except Error as gone:  # the page went on before its answer was kept
        answer = f"no text: {gone}"
    return f"{response.request.method} {asked[:300]} -> {response.status} {answer[:300]}"
