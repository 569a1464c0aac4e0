"""Waiting for a doorbell, for as long as one request lives. Without a channel layer it only waits."""

import asyncio
import contextlib
import logging
from types import TracebackType
from typing import Any, Self

from channels.layers import get_channel_layer

log = logging.getLogger(__name__)

PATIENCE = (
    1.0  # seconds that the layer has for a call; a Redis that hangs must not hold a lease's renewal
)


class Bell:
    """Hangs in some groups of the channel layer: `async with Bell("queue") as bell: await bell.rung(gone, 5)`.

    Whoever waits also looks again by the clock, so nothing here may raise: with the layer away, no bell rings.
    """

    def __init__(self, *groups: str) -> None:
        self._groups = groups
        self._layer: Any = get_channel_layer()
        self._channel = ""
        self._rings = asyncio.Event()
        self._listening: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        try:
            async with asyncio.timeout(PATIENCE):
                self._channel = await self._layer.new_channel()
                for group in self._groups:
                    await self._layer.group_add(group, self._channel)
        except Exception as error:
            log.warning("no bell hangs, looking by the clock alone: %r", error)
        if self._channel:
            self._listening = asyncio.create_task(self._listen())
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._listening is None:
            return
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                for group in self._groups:
                    await self._layer.group_discard(group, self._channel)
        self._listening.cancel()  # which is also how the Redis layer learns to forget the channel
        await asyncio.gather(self._listening, return_exceptions=True)

    async def _listen(self) -> None:
        """One listener for the bell's whole life: a cancelled `receive` would give the channel up between two looks."""
        try:
            while True:
                await self._layer.receive(self._channel)
                self._rings.set()
        except Exception as error:
            log.warning("a bell fell down, looking by the clock alone: %r", error)

    async def ring(self, group: str) -> None:
        """Tell a group to look again."""
        with contextlib.suppress(Exception):
            async with asyncio.timeout(PATIENCE):
                await self._layer.group_send(group, {"type": "look.again", "group": group})

    async def rung(self, gone: asyncio.Event, seconds: float) -> None:
        """Come back when it rang, when `gone` is set, or after `seconds`."""
        waits = [asyncio.ensure_future(event.wait()) for event in (self._rings, gone)]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        self._rings.clear()
