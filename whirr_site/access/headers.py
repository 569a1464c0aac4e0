"""The headers of every answer: what a page may load and do, and who may embed it."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils.cache import patch_vary_headers

Answer = Callable[[HttpRequest], HttpResponse]

# What is not named here falls back to 'self'. 'self' of connect-src covers the page's websockets.
DIRECTIVES = {
    "default-src": "'self'",
    "script-src": "'self'",
    "style-src": "'self'",
    "img-src": "'self' data: blob:",
    "media-src": "'self' blob:",
    "font-src": "'self'",
    "connect-src": "'self'",
    "worker-src": "'self'",
    "manifest-src": "'self'",
    "frame-src": "'none'",
    "object-src": "'none'",
    "base-uri": "'none'",
    "form-action": "'self'",
    "frame-ancestors": "'none'",
}
POLICY = "; ".join(f"{name} {sources}" for name, sources in DIRECTIVES.items())
# Answers for programs are no pages: whoever opens one in a browser sees text that can do nothing.
PROGRAM_POLICY = "default-src 'none'; frame-ancestors 'none'"

UNUSED = (
    *("accelerometer", "autoplay", "camera", "display-capture", "encrypted-media", "geolocation"),
    *("gyroscope", "magnetometer", "microphone", "midi", "payment", "usb"),
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": ", ".join(f"{feature}=()" for feature in UNUSED),
    "Cross-Origin-Resource-Policy": "same-origin",
}


class PageHeaders:
    """Puts HEADERS on whatever leaves Django, refusals and files too; a view that says something stricter is kept."""

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        for name, text in HEADERS.items():
            response.headers.setdefault(name, text)
        if response.headers.get("Content-Type", "").startswith("text/html"):
            _keep_parts_apart(request, response)
        return response


def _keep_parts_apart(request: HttpRequest, response: HttpResponse) -> None:
    """Scripts get a part of a page under the page's own address: Back must not find that in a browser's cache."""
    patch_vary_headers(response, ["HX-Request"])
    if request.headers.get("HX-Request"):
        response.headers.setdefault("Cache-Control", "no-store")
