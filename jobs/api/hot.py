"""The held request of an agent: answered when there is something to say."""

import asyncio
import time
from typing import Any

import orjson
from channels.layers import get_channel_layer

from jobs import syncing
from jobs.api.parsing import sync_report
from jobs.syncing import Orders, Report
from runs import clock, feed
from runs.api.calls import Call, Handler, Reply
from runs.api.writing import Forbidden
from runs.errors import Invalid

LOOK_AGAIN = 5.0  # seconds: even without a doorbell


async def sync(call: Call) -> Reply:
    """Renew at once; then wait for a job, a cancel or a loss, for a newer request, or for the end of the hold."""
    if not call.principal.may("worker"):
        raise Forbidden("this token may not act as a worker")
    report = sync_report(_json(call.body))
    worker_id = call.params["worker"]
    if report.hold_seconds <= 0:
        return 200, (await _exchange(call, worker_id, report, None)).as_json()
    bell = await _Bell.hung(feed.worker_group(worker_id), feed.QUEUE)
    try:
        return 200, (await _hold(call, worker_id, report, bell)).as_json()
    finally:
        await bell.taken_down()


async def _exchange(call: Call, worker_id: str, report: Report, serial: int | None) -> Orders:
    orders: Orders = await call.in_pool(
        lambda: syncing.exchange(worker_id, report, now=clock.now(), serial=serial)
    )
    return orders


async def _hold(call: Call, worker_id: str, report: Report, bell: "_Bell") -> Orders:
    """The bell hangs before the first look, so nothing can fall between looking and waiting."""
    until = time.monotonic() + report.hold_seconds
    orders = await _exchange(call, worker_id, report, None)
    flags = (orders.draining, orders.disabled)
    await bell.send(feed.worker_group(worker_id))  # releases an older request of this worker
    while not orders.has_news() and (orders.draining, orders.disabled) == flags:
        left = until - time.monotonic()
        if left <= 0 or call.gone.is_set():
            break
        await bell.rung(call.gone, min(left, LOOK_AGAIN))
        if call.gone.is_set():
            break
        orders = await _exchange(call, worker_id, report, orders.serial)
    return orders


class _Bell:
    """A channel of one request in some groups of the channel layer."""

    def __init__(self, layer: Any, channel: str, groups: tuple[str, ...]) -> None:
        self.layer, self.channel, self.groups = layer, channel, groups

    @classmethod
    async def hung(cls, *groups: str) -> "_Bell":
        layer = get_channel_layer()
        bell = cls(layer, await layer.new_channel(), groups)
        for group in groups:
            await layer.group_add(group, bell.channel)
        return bell

    async def send(self, group: str) -> None:
        await self.layer.group_send(group, {"type": "look.again", "group": group})

    async def rung(self, gone: asyncio.Event, seconds: float) -> None:
        """Wait for a message, for the client to hang up, or for `seconds`."""
        waits = [
            asyncio.ensure_future(self.layer.receive(self.channel)),
            asyncio.ensure_future(gone.wait()),
        ]
        try:
            await asyncio.wait(waits, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)

    async def taken_down(self) -> None:
        for group in self.groups:
            await self.layer.group_discard(group, self.channel)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from error


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/api/v1/workers/(?P<worker>[^/]+)/sync", sync),
]
