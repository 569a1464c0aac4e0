"""The held request of an agent: answered when there is something to say."""

import time
from typing import Any

import orjson

from jobs import syncing
from jobs.api.parsing import sync_report
from jobs.syncing import Orders, Report
from runs import clock, feed
from runs.api.calls import Call, Handler, Reply
from runs.api.writing import Forbidden
from runs.bell import Bell
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
    async with Bell(feed.worker_group(worker_id), feed.QUEUE) as bell:
        return 200, (await _hold(call, worker_id, report, bell)).as_json()


async def _exchange(call: Call, worker_id: str, report: Report, serial: int | None) -> Orders:
    orders: Orders = await call.in_pool(
        lambda: syncing.exchange(worker_id, report, now=clock.now(), serial=serial)
    )
    return orders


async def _hold(call: Call, worker_id: str, report: Report, bell: Bell) -> Orders:
    """The bell hangs before the first look, so nothing can fall between looking and waiting."""
    until = time.monotonic() + report.hold_seconds
    orders = await _exchange(call, worker_id, report, None)
    flags = (orders.draining, orders.disabled)
    await bell.ring(feed.worker_group(worker_id))  # releases an older request of this worker
    while not orders.has_news() and (orders.draining, orders.disabled) == flags:
        left = until - time.monotonic()
        if left <= 0 or call.gone.is_set():
            break
        await bell.rung(call.gone, min(left, LOOK_AGAIN))
        if call.gone.is_set():
            break
        orders = await _exchange(call, worker_id, report, orders.serial)
    return orders


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body or b"{}")
    except orjson.JSONDecodeError as error:
        raise Invalid(f"the body is not JSON: {error}") from error


ROUTES: list[tuple[str, str, Handler]] = [
    ("POST", r"/api/v1/workers/(?P<worker>[^/]+)/sync", sync),
]
