"""Which page may open a websocket: one of this very server, by host and port."""

from collections.abc import Awaitable, Callable
from typing import Any
from urllib.parse import urlsplit

from channels.security.websocket import WebsocketDenier
from django.conf import settings
from django.http.request import split_domain_port, validate_host

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class SameOriginSockets:
    """Refuses handshakes for a foreign Host, and from pages of another origin.

    Channels' own validator compares host names only; another program's page on another port of this machine would
    pass it, and bring the visitor's cookie along.
    """

    def __init__(self, application: App) -> None:
        self.application = application

    async def __call__(self, scope: dict[str, Any], receive: Any, send: Any) -> None:
        headers = {name: value.decode("latin-1") for name, value in scope["headers"]}
        trusted = _is_ours(headers.get(b"host", ""), headers.get(b"origin", ""))
        answer = self.application if trusted else WebsocketDenier.as_asgi()
        await answer(scope, receive, send)


def _is_ours(host: str, origin: str) -> bool:
    name, _ = split_domain_port(host)
    if not validate_host(name, settings.ALLOWED_HOSTS):
        return False
    return urlsplit(origin).netloc == host.lower() or origin in settings.CSRF_TRUSTED_ORIGINS
