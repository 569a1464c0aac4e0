"""Doorbells: "look again". The one module that knows the channel layer.

A message says only that a run or the queue changed; whoever listens reads from its own cursor. So a lost message
costs a moment, never a fact, and nothing here may raise.
"""

import asyncio
import contextlib
import hashlib
import logging
import secrets
from collections.abc import Callable
from functools import partial
from typing import Any

from asgiref.sync import async_to_sync
from channels.layers import InMemoryChannelLayer, get_channel_layer
from django.db import transaction

log = logging.getLogger(__name__)

QUEUE = "queue"  # of those who show the queue: anything happened to a job or a worker
WORK = "work"  # of those who wait for something to do: there may be some
WORKERS = "workers"  # of those who listen for all workers; the message says which one
SENDER = secrets.token_hex(8)  # this process

Heard = Callable[[str], None]

_heard: list[Heard] = []
_loop: asyncio.AbstractEventLoop | None = None


_WORKER = "worker."
_WATCHED = "watched."


def run_group(key: str) -> str:
    """The group of those who watch one run."""
    return f"run.{key}"


def worker_group(worker_id: str) -> str:
    """The group of one worker; hashed, since a group's name allows few characters."""
    return f"{_WORKER}{hashlib.sha256(worker_id.encode()).hexdigest()[:32]}"


def watched_group(key: str) -> str:
    """The group of the agent that runs it, whichever that is: somebody began to look at this run."""
    return _WATCHED + key


def watched_key(group: str) -> str:
    """Which run such a group names; empty for any other group."""
    return group.removeprefix(_WATCHED) if group.startswith(_WATCHED) else ""


def attach(loop: asyncio.AbstractEventLoop) -> None:
    """Name the event loop that owns the channel layer; the in-memory layer may be touched from there alone."""
    global _loop
    _loop = loop


def hear(heard: Heard) -> None:
    """Call `heard(group)` in the attached loop for each ring of this process; nobody else is called any more."""
    _heard[:] = [heard]


def ring(*groups: str) -> None:
    """Tell everybody in `groups` to look again, once the surrounding transaction is committed."""
    if groups:
        transaction.on_commit(partial(_ring_now, groups), robust=True)


def ring_here(*groups: str) -> None:
    """Tell those in this process alone; for news of another one, which has rung everywhere by itself."""
    layer = _layer()
    if _loop is not None and _loop.is_running():
        with contextlib.suppress(RuntimeError):
            _loop.call_soon_threadsafe(_ring_here, None if _is_shared(layer) else layer, groups)


def ring_from_loop(group: str) -> None:
    """Tell the other processes at once; for code that runs in the attached loop and has changed nothing itself."""
    layer = _layer()
    if _is_shared(layer):
        _send_soon(layer, (group,))


def _layer() -> Any:
    """None, too, where the settings name one that cannot be had."""
    try:
        return get_channel_layer()
    except Exception as error:
        log.warning("the channel layer cannot be used: %s", error)
        return None


def _is_shared(layer: Any) -> bool:
    """Whether it reaches other processes. To be asked by its class: that of Redis has no attribute without a loop."""
    return layer is not None and not isinstance(layer, InMemoryChannelLayer)


def _ring_now(groups: tuple[str, ...]) -> None:
    layer = _layer()
    if _loop is not None and _loop.is_running():
        with contextlib.suppress(RuntimeError):  # it was closed just now
            _loop.call_soon_threadsafe(_ring_here, layer, tuple(dict.fromkeys(groups)))
    elif _is_shared(layer):  # in memory, it would reach nobody outside this process
        try:
            async_to_sync(_send)(layer, tuple(dict.fromkeys(groups)))
        except Exception as error:  # a bell is never worth the deed that rings it
            log.warning("could not ring %s: %s", ", ".join(groups), error)


def _ring_here(layer: Any, groups: tuple[str, ...]) -> None:
    for heard in _heard:
        for group in groups:
            heard(group)
    if layer is not None and (somewhere := _reached(layer, groups)):
        _send_soon(layer, somewhere)


def _reached(layer: Any, groups: tuple[str, ...]) -> tuple[str, ...]:
    """Those of the groups that somebody may hear: an in-memory layer knows its listeners, and all are here."""
    if _is_shared(layer):
        return groups
    return tuple(group for group in groups if group in layer.groups)


def _send_soon(layer: Any, groups: tuple[str, ...]) -> None:
    task = asyncio.ensure_future(_send(layer, groups))
    _sending.add(task)
    task.add_done_callback(_sending.discard)


_sending: set[asyncio.Task[None]] = set()


async def _send(layer: Any, groups: tuple[str, ...]) -> None:
    for group in groups:
        to = WORKERS if group.startswith((_WORKER, _WATCHED)) else group
        try:
            async with asyncio.timeout(2):
                await layer.group_send(to, {"type": "look.again", "group": group, "sender": SENDER})
        except Exception as error:
            log.warning("could not ring %s: %s", group, error)
            return  # the others would fail alike, each after its time
