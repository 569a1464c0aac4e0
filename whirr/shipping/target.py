"""Where an attempt's bytes go, and the pace at which they may."""

from __future__ import annotations

import time

from whirr.wire.client import packed
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from whirr.wire import Client

_SAME_MACHINE = frozenset({"127.0.0.1", "::1", "localhost"})
_PART = 1024 * 1024  # bytes in one request
_LEAST = 16 * 1024
_PATIENCE = 0.5  # seconds of a capped line that one request may take: what is small comes next
_HEAD = 300  # bytes of a request besides its body, roughly


class Route:
    """The way to the server, shared by all attempts. `wait` passes the time that `clock` tells."""

    def __init__(
        self,
        client: Client,
        bytes_per_second: float | None,
        wait: Callable[[float], object],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.client = client
        self.shared = False  # whether the server sees the very same files
        self.taken = 0  # how many requests have been answered well
        self.gzip = client.address.host not in _SAME_MACHINE  # there it would only cost time
        self.part = _PART
        if bytes_per_second is not None:
            self.part = max(_LEAST, min(_PART, int(bytes_per_second * _PATIENCE)))
        self._rate = bytes_per_second
        self._wait = wait
        self._clock = clock
        self._free_at = 0.0

    @property
    def capped(self) -> bool:
        return self._rate is not None

    def busy_for(self) -> float:
        """Seconds until the next byte may go out; 0 when it may now."""
        return max(0.0, self._free_at - self._clock())

    def pay(self, size: int) -> None:
        """Wait until `size` bytes more may go out."""
        if self._rate is None:
            return
        wait = self.busy_for()
        if wait > 0:
            self._wait(wait)
        self.owe(size)

    def owe(self, size: int) -> None:
        """They go out at once, and whatever comes next waits for them."""
        if self._rate is not None:
            self._free_at = max(self._clock(), self._free_at) + (size + _HEAD) / self._rate


class Target:
    """One attempt on the server."""

    def __init__(self, route: Route, run_id: str, attempt: int) -> None:
        self.next_interval: float | None = None  # how soon the server wants to hear more
        self.route = route
        self._base = f"/api/v1/runs/{run_id}/attempts/{attempt}/"

    @property
    def shared(self) -> bool:
        return self.route.shared

    def put(
        self, path: str, body: bytes = b"", *, text: bool = False, **query: int | str
    ) -> dict[str, Any]:
        """Send it; the answer's object. `text` says that compressing it may be worth while."""
        small = packed(body) if text and self.route.gzip else None
        data = body if small is None else small
        self.route.pay(len(data) + len(str(query.get("marks", ""))))
        answer = self.route.client.put(
            self._base + path, data, query, gzip=small is not None
        ).json()
        self.route.taken += 1
        fields: dict[str, Any] = answer if isinstance(answer, dict) else {}
        interval = fields.get("next_interval")
        if isinstance(interval, (int, float)):
            self.next_interval = float(interval)
        return fields
