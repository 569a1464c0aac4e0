"""Where an attempt's bytes go, and the pace at which they may."""

from __future__ import annotations

import time

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from whirr.wire import Client

_SAME_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})


class Route:
    """The way to the server, shared by all attempts. `wait` passes the time."""

    def __init__(
        self, client: Client, bytes_per_second: float | None, wait: Callable[[float], object]
    ) -> None:
        self.client = client
        self.shared = False  # whether the server sees the very same files
        self.taken = 0  # how many requests have been answered well
        self.gzip = client.address.host not in _SAME_MACHINE  # there it would only cost time
        self._rate = bytes_per_second
        self._wait = wait
        self._free_at = 0.0

    def pay(self, size: int) -> None:
        """Wait until `size` bytes more may go out."""
        if self._rate is None:
            return
        now = time.monotonic()
        if self._free_at > now:
            self._wait(self._free_at - now)
        self._free_at = max(now, self._free_at) + size / self._rate


class Target:
    """One attempt on the server."""

    def __init__(self, route: Route, run_id: str, attempt: int) -> None:
        self.next_interval: float | None = None  # how soon the server wants to hear more
        self._route = route
        self._base = f"/api/v1/runs/{run_id}/attempts/{attempt}/"

    @property
    def shared(self) -> bool:
        return self._route.shared

    def put(
        self, path: str, body: bytes = b"", *, text: bool = False, **query: int
    ) -> dict[str, Any]:
        """Send it; the answer's object. `text` says that compressing it is worth while."""
        self._route.pay(len(body))
        gzip = text and self._route.gzip
        answer = self._route.client.put(self._base + path, body, query, gzip=gzip).json()
        self._route.taken += 1
        fields: dict[str, Any] = answer if isinstance(answer, dict) else {}
        interval = fields.get("next_interval")
        if isinstance(interval, (int, float)):
            self.next_interval = float(interval)
        return fields
