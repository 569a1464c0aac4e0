"""Sends metrics to our server as an agent or the library's shipper does: the file's bytes, in pieces, by offset."""

from collections.abc import Callable
from typing import Any

from benchmarks.trackers import lines
from whirr.wire import Client

PIECE = 256 * 1024


def sender(spec: dict[str, Any]) -> Callable[[], None]:
    client = Client(spec["url"], spec["token"], timeout=120)
    data = lines.metrics(spec["points"] // 2)
    path = f"/api/v1/runs/{spec['run']}/attempts/1/streams/metrics.jsonl"
    client.put(path, b"", {"offset": 0})  # connected, and a thread of the server to its database

    def send() -> None:
        for offset in range(0, len(data), PIECE):
            client.put(path, data[offset : offset + PIECE], {"offset": offset})

    return send
