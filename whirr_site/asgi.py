"""The router: websockets to Channels, hot and held calls in front of Django, everything else to Django in threads.

Why not Django's own ASGI handler: it hops threads for every middleware and opens a database connection a request
(docs/architecture.md has the figures).
"""

import asyncio
import os
from typing import Any

from a2wsgi import WSGIMiddleware

from whirr_site.wsgi import application as django_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")

# What follows reads models, so Django has to be set up: by the import above.
from channels.auth import AuthMiddlewareStack
from channels.routing import URLRouter

from dashboard.routing import websocket_urlpatterns
from jobs import pulse
from jobs.api.hot import ROUTES as JOB_ROUTES
from runs import feed
from runs.api.hot import ROUTES as RUN_ROUTES
from whirr_site import garbage
from whirr_site.access.origins import SameOriginSockets
from whirr_site.hot import HotCalls, Receive, Scope, Send, in_pool

django_in_threads: Any = WSGIMiddleware(django_application, workers=8)  # type: ignore[arg-type]
websockets: Any = SameOriginSockets(AuthMiddlewareStack(URLRouter(websocket_urlpatterns)))
hot_calls = HotCalls([*JOB_ROUTES, *RUN_ROUTES])

_side_work: set[asyncio.Task[None]] = set()


async def application(scope: Scope, receive: Receive, send: Send) -> None:
    """See the module's docstring. The first request also starts the pulse of this process."""
    if not _side_work:
        start_side_work()
    if scope["type"] == "websocket":
        await websockets(scope, receive, send)
    elif scope["type"] == "http" and (found := hot_calls.match(scope)):
        await hot_calls.answer(scope, receive, send, *found)
    elif scope["type"] == "http":
        await django_in_threads(scope, receive, send)


def start_side_work() -> None:
    """Bind the doorbells to the running loop and start the pulse."""
    feed.attach(asyncio.get_running_loop())
    _side_work.add(asyncio.ensure_future(pulse.beat_forever(in_pool)))
    _side_work.add(asyncio.ensure_future(garbage.collect_forever()))
