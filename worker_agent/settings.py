"""What an agent was told to be, checked; made by `options.py`, which is too large to stay in memory."""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class Settings:
    def __init__(
        self,
        *,
        server: str,
        data_dir: str,
        gpus: list[int] | str | None,
        gpu_ids: str,
        poll_interval: float,
        heartbeat_interval: float,
        lease_seconds: float,
        token: str,
        name: str,
        tags: list[str],
        log_level: str,
        bandwidth: float | None,
        slots: int,
        once: bool,
        on_stop: str,
        keep_free: float | None = None,
    ) -> None:
        self.server = server
        self.data_dir = data_dir
        self.gpus = gpus  # numbers, "all", or None: leave GPUs alone
        self.gpu_ids = gpu_ids  # "index" or "uuid": what jobs know them by
        self.poll_interval = poll_interval
        self.heartbeat_interval = heartbeat_interval
        self.lease_seconds = lease_seconds
        self.token = token
        self.name = name
        self.tags = tags
        self.log_level = log_level
        self.bandwidth = bandwidth
        self.slots = slots
        self.once = once
        self.on_stop = on_stop
        self.keep_free = keep_free  # bytes of the disk; None: the usual

    def __repr__(self) -> str:  # never the token
        return f"<settings of agent {self.name}>"

    def fields(self) -> dict[str, Any]:
        """As JSON can carry them."""
        return dict(vars(self))
