"""Live pages: a doorbell says "look again", the consumer reads from its own cursor and sends what is new.

It looks every two seconds even when nobody rings, and never more often than four times a second; points are sent at
most twice a second.
"""

import asyncio
import contextlib
import logging
import time
from typing import Any

from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncJsonWebsocketConsumer
from django.utils import timezone

from dashboard import watching
from dashboard.watching import Cursors
from runs import feed
from runs.errors import DomainError
from whirr_site.access.principals import Principal, of_scope

log = logging.getLogger(__name__)

LOOK_EVERY = 2.0  # seconds, without a ring
PUSH_EVERY = 0.5  # seconds at least between two pushes
LOG_EVERY = 0.2  # the same where lines of a log are among them
ASK_AGAIN_EVERY = 30.0  # seconds between two checks that the visitor may still look

NOT_ALLOWED, GONE = 4401, 4404


class Watcher(AsyncJsonWebsocketConsumer):  # type: ignore[misc]  # channels has no types
    """Joins its group, then looks again and again; subclasses say what is new."""

    group = ""
    look_every = LOOK_EVERY
    push_every = PUSH_EVERY

    async def connect(self) -> None:
        self.rung = asyncio.Event()
        self.looking: asyncio.Task[None] | None = None
        await self.accept()  # a close code reaches the browser only after accept
        code = await self.refusal()
        if code:
            await self.close(code=code)
            return
        self.allowed_until = time.monotonic() + ASK_AGAIN_EVERY
        await self.channel_layer.group_add(self.group, self.channel_name)  # join first, then read:
        self.looking = asyncio.create_task(self.look())  # nothing can fall between the two

    async def disconnect(self, code: int) -> None:
        if self.looking is not None:
            self.looking.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self.looking
        if self.group:
            await self.channel_layer.group_discard(self.group, self.channel_name)

    async def look_again(self, _message: dict[str, Any]) -> None:
        self.rung.set()

    async def look(self) -> None:
        """Until the page goes away: send what is new, then wait for a ring or for two seconds."""
        try:
            while await self.may_still_look():
                await self.push()
                await asyncio.sleep(self.push_every)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self.rung.wait(), self.look_every - self.push_every)
                self.rung.clear()
            await self.close(code=NOT_ALLOWED)
        except DomainError:
            await self.close(code=GONE)
        except Exception:
            log.exception("a live page lost its feed; the browser connects again")
            await self.close(code=1011)

    async def may_still_look(self) -> bool:
        """A long-lived socket must not outlive the right to it: the session is read again now and then."""
        if time.monotonic() < self.allowed_until:
            return True
        if "session" in self.scope:
            self.scope["user"] = await get_user(self.scope)
        self.allowed_until = time.monotonic() + ASK_AGAIN_EVERY
        return await self.refusal() is None

    async def refusal(self) -> int | None:
        """A close code where this visitor may not look, as the page itself would refuse."""
        principal: Principal | None = await database_sync_to_async(of_scope)(self.scope)
        return None if principal is not None and self.may_look(principal) else NOT_ALLOWED

    def may_look(self, principal: Principal) -> bool:
        return principal.may("read")

    async def push(self) -> None:
        """Send what is new since the last time. Each feed has its own."""
        raise NotImplementedError


class QueueConsumer(Watcher):
    """`/ws/queue/`: {"type": "changed"} when something on the overview did; the page then fetches its parts."""

    group = feed.QUEUE

    async def connect(self) -> None:
        self.seen = ""
        await super().connect()

    async def push(self) -> None:
        version = await database_sync_to_async(watching.queue_version)()
        if version != self.seen:
            self.seen = version
            await self.send_json({"type": "changed"})


class RunConsumer(Watcher):
    """`/ws/runs/<key>/`: the page says where it stands, and is sent log, points and changes from there on."""

    push_every = LOG_EVERY

    async def connect(self) -> None:
        self.key = self.scope["url_route"]["kwargs"]["key"]
        self.group = feed.run_group(self.key)
        self.cursors: Cursors | None = None
        self.points_at = 0.0
        await super().connect()

    async def refusal(self) -> int | None:
        code = await super().refusal()
        if code is None and not await database_sync_to_async(watching.exists)(self.key):
            return GONE
        return code

    def may_look(self, principal: Principal) -> bool:
        return principal.may_read(self.key)

    async def receive_json(self, content: Any, **_kwargs: Any) -> None:
        try:
            self.cursors = Cursors.of(content)
        except DomainError as wrong:
            await self.send_json({"type": "error", "detail": wrong.detail})
            return
        self.rung.set()

    async def push(self) -> None:
        before = self.cursors
        if before is None:
            return
        due = time.monotonic() - self.points_at >= PUSH_EVERY
        messages, after = await database_sync_to_async(watching.news)(
            self.key, before, now=timezone.now(), with_points=due
        )
        for message in messages:
            await self.send_json(message)
        if any(message["type"] in watching.OF_POINTS for message in messages):
            self.points_at = time.monotonic()
        elif not due:  # what was left out must not wait for the next ring
            self.rung.set()
        if self.cursors is before:  # else the page said anew where it stands, meanwhile
            self.cursors = after

    @classmethod
    async def decode_json(cls, text_data: str) -> Any:
        """A page's own text may be anything; what is no JSON is answered, not raised."""
        try:
            return await super().decode_json(text_data)
        except (ValueError, RecursionError):
            return None
