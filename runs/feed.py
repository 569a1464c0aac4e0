"""Doorbells: "look again". The one module that knows the channel layer.

A message says only that a run or the queue changed; whoever listens reads from its own cursor. So a lost message
costs a moment, never a fact, and nothing here may raise.
"""

import asyncio
import hashlib
import logging
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

QUEUE = "queue"

_loop: asyncio.AbstractEventLoop | None = None


def run_group(key: str) -> str:
    """The group of those who watch one run."""
    return f"run.{key}"


def worker_group(worker_id: str) -> str:
    """The group of the held requests of one worker; hashed, since a group's name allows few characters."""
    return f"worker.{hashlib.sha256(worker_id.encode()).hexdigest()[:32]}"


def attach(loop: asyncio.AbstractEventLoop) -> None:
    """Name the event loop that owns the channel layer; the in-memory layer may be touched from there alone."""
    global _loop
    _loop = loop


def ring(*groups: str) -> None:
    """Tell everybody in `groups` to look again, once the surrounding transaction is committed."""
    transaction.on_commit(partial(_ring_now, groups))


def _ring_now(groups: tuple[str, ...]) -> None:
    layer = get_channel_layer()
    if layer is None:
        return
    if _loop is not None and _loop.is_running():
        asyncio.run_coroutine_threadsafe(_send(layer, groups), _loop)
    elif not hasattr(layer, "channels"):  # in memory, it would reach nobody outside this process
        async_to_sync(_send)(layer, groups)


async def _send(layer: Any, groups: tuple[str, ...]) -> None:
    for group in groups:
        try:
            async with asyncio.timeout(2):
                await layer.group_send(group, {"type": "look.again", "group": group})
        except Exception as error:
            log.warning("could not ring %s: %s", group, error)
