"""Serves hot calls as plain ASGI: no middleware, no thread that waits, one bounded pool with kept connections."""

import asyncio
import json
import logging
import re
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.db import InterfaceError, OperationalError, close_old_connections
from django.http.request import split_domain_port, validate_host

from runs.api.calls import Call, Handler, Reply
from runs.errors import DomainError
from whirr_site.access import principals
from whirr_site.access.headers import PROGRAM_POLICY
from whirr_site.errors import body_of

log = logging.getLogger(__name__)

POOL = ThreadPoolExecutor(max_workers=8, thread_name_prefix="hot")
BODY_LIMIT = 9 * 1024 * 1024

Scope = dict[str, Any]
Receive = Callable[[], Awaitable[dict[str, Any]]]
Send = Callable[[dict[str, Any]], Awaitable[None]]


def _with_connection(function: Callable[..., Any], args: tuple[Any, ...]) -> Any:
    close_old_connections()
    try:
        return function(*args)
    finally:
        close_old_connections()


async def in_pool(function: Callable[..., Any], *args: Any) -> Any:
    """Run blocking work, the database's above all, in the pool."""
    return await asyncio.get_running_loop().run_in_executor(POOL, _with_connection, function, args)


class HotCalls:
    """Routes (method, path pattern, handler) to plain ASGI; `match` says whether a request is one of them."""

    def __init__(self, routes: Iterable[tuple[str, str, Handler]]) -> None:
        self.routes = [
            (method, re.compile(path + r"\Z"), handler) for method, path, handler in routes
        ]

    def match(self, scope: Scope) -> tuple[Handler, dict[str, str]] | None:
        path = scope["path"]
        for method, pattern, handler in self.routes:
            if method == scope["method"] and (found := pattern.match(path)):
                return handler, found.groupdict()
        return None

    async def answer(
        self, scope: Scope, receive: Receive, send: Send, handler: Handler, params: dict[str, str]
    ) -> None:
        """Authenticate, read the body, run the handler, and answer in one go."""
        status, body = await self._reply(scope, receive, handler, params)
        data = _encoded(body)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(data)).encode()),
            (b"x-content-type-options", b"nosniff"),
            (b"content-security-policy", PROGRAM_POLICY.encode()),
        ]
        if status == 401:
            headers.append((b"www-authenticate", b"Bearer"))
        await send({"type": "http.response.start", "status": status, "headers": headers})
        await send({"type": "http.response.body", "body": data})

    async def _reply(
        self, scope: Scope, receive: Receive, handler: Handler, params: dict[str, str]
    ) -> Reply:
        headers = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]
        }
        refusal = _refused(scope, headers)
        if refusal:
            return refusal
        principal = principals.of_header(headers.get("authorization", ""))
        if principal is None:
            return _error(
                401, "not_authenticated", "Send the header 'Authorization: Bearer <token>'."
            )
        body = await _body(receive)
        if body is None:
            return _error(413, "too_large", f"a request carries at most {BODY_LIMIT} bytes")
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        watchers: list[asyncio.Future[None]] = []
        call = Call(
            *(principal, params, query, headers, body, in_pool),
            watch=lambda: watchers.append(asyncio.ensure_future(_notice_hang_up(receive, call))),
        )
        try:
            return await handler(call)
        except DomainError as error:
            return body_of(error)
        except (OperationalError, InterfaceError) as error:
            log.warning("%s: the database does not answer: %s", scope["path"], error)
            return _error(503, "unavailable", "the database does not answer now; try again")
        except Exception:
            log.exception("%s %s failed", scope["method"], scope["path"])
            return _error(500, "error", "the server failed to answer; its log says why")
        finally:
            for watcher in watchers:
                watcher.cancel()


def _encoded(body: dict[str, Any]) -> bytes:
    """JSON; the slow way for what orjson refuses, such as a 128-bit seed in somebody's config."""
    try:
        return orjson.dumps(body)
    except TypeError:
        return json.dumps(body).encode()


def _error(status: int, code: str, detail: str) -> Reply:
    return status, {"detail": detail, "code": code}


def _refused(scope: Scope, headers: dict[str, str]) -> Reply | None:
    """The checks that Django's own middleware makes elsewhere: the Host, and no page of another site."""
    host, _ = split_domain_port(headers.get("host", ""))
    if not validate_host(host, settings.ALLOWED_HOSTS):
        return _error(
            400, "invalid", "this server does not answer to that Host (WHIRR_ALLOWED_HOSTS)"
        )
    if "\0" in scope["path"]:
        return _error(400, "invalid", "an address cannot hold a NUL character")
    if "origin" in headers:
        return _error(403, "permission_denied", "browsers have no business with this call")
    return None


async def _body(receive: Receive) -> bytes | None:
    parts: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return b"".join(parts)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > BODY_LIMIT:
            return None
        if not message.get("more_body"):
            return b"".join(parts)


async def _notice_hang_up(receive: Receive, call: Call) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
    call.gone.set()
    for tell in call.when_gone:
        tell()
