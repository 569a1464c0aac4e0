"""Hearing the doorbells of every process: one listener for a whole process.

Whoever waits for a doorbell also looks again by the clock, so nothing here may raise: with the channel layer away, only
this process's own rings are heard.
"""

import asyncio
import logging
from collections.abc import Callable
from typing import Any

from channels.layers import get_channel_layer

from runs import feed

log = logging.getLogger(__name__)

PATIENCE = 5.0  # seconds that the layer has to answer, and between two attempts to reach it
RENEW = 3600.0  # seconds after which the layer is told anew that we listen: Redis forgets members after a day


async def listen(groups: list[str], heard: Callable[[str], None]) -> None:
    """Call `heard(group)` for each ring, for ever; the groups of single workers come through `feed.WORKERS`."""
    while True:
        try:
            await _listen(groups, heard)
        except Exception as error:
            log.warning("doorbells of other processes are not heard for now: %r", error)
            await asyncio.sleep(PATIENCE)


async def _listen(groups: list[str], heard: Callable[[str], None]) -> None:
    layer: Any = get_channel_layer()
    async with asyncio.timeout(PATIENCE):
        channel = await layer.new_channel()
        for group in groups:
            await layer.group_add(group, channel)
    try:
        async with asyncio.timeout(RENEW):
            while True:
                message = await layer.receive(channel)
                if message.get("sender") != feed.SENDER:  # our own were heard without the layer
                    heard(message["group"])
    except TimeoutError:
        pass
    finally:
        async with asyncio.timeout(PATIENCE):
            for group in groups:
                await layer.group_discard(group, channel)
