"""What the server asks an agent to run, and what an attempt came to."""

from __future__ import annotations

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING, signal

if TYPE_CHECKING:
    from typing import Any

    Key = tuple[int, int]  # (job id, attempt number)


# What a job may ask to be told to stop with. A server of an earlier version names none.
_STOP_SIGNALS = {
    "SIGTERM": int(signal.SIGTERM),
    "SIGINT": int(signal.SIGINT),
    "SIGUSR1": int(signal.SIGUSR1),
    "SIGUSR2": int(signal.SIGUSR2),
    "SIGHUP": int(signal.SIGHUP),
}


class BadOrder(ValueError):
    """An order that makes no sense; the message says why."""


class Order:
    """Read from the JSON of a sync answer."""

    def __init__(self, raw: dict[str, Any]) -> None:
        timeout = raw.get("timeout_seconds")
        self.job_id = int(raw["job_id"])
        self.attempt = int(raw["attempt"])
        self.run_id = str(raw.get("run_id") or f"job-{raw['job_id']}")
        self.name = str(raw.get("name") or "")
        self.command = tuple(str(part) for part in raw["command_argv"])
        self.workdir = str(raw.get("workdir") or "")
        self.env = {str(name): str(value) for name, value in (raw.get("env") or {}).items()}
        self.config = dict(raw.get("config") or {})
        self.gpus = tuple(int(index) for index in raw.get("gpus") or ())
        self.timeout_seconds = None if timeout is None else float(timeout)
        self.grace_seconds = max(0.0, float(raw.get("grace_seconds", 30)))
        # One that a later server may know and we do not: what every program understands.
        self.stop_signal = _STOP_SIGNALS.get(str(raw.get("stop_signal")), int(signal.SIGTERM))
        self.exclusive = bool(raw.get("exclusive"))
        self.run_token = str(raw.get("run_token") or "")

    @property
    def key(self) -> Key:
        return self.job_id, self.attempt

    def __repr__(self) -> str:  # it may end in a log: no environment, no command, no token
        return f"<order for job {self.job_id}, attempt {self.attempt}>"


def parse(raw: dict[str, Any]) -> Order:
    try:
        order = Order(raw)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadOrder(f"an order could not be read: {error!r}") from error
    if not layout.is_run_id(order.run_id):
        raise BadOrder(f"an order names a run that cannot be a folder: {order.run_id!r}")
    return order


class Outcome:
    """How an attempt ended, in the words of the finish call."""

    def __init__(
        self,
        kind: str,  # exited, cancelled, timed_out, never_started, worker_shutdown, lost
        exit_code: int | None = None,
        signal: int | None = None,
        error_message: str = "",
        oom: bool = False,  # noqa: FBT001, FBT002  (records read it back by name)
    ) -> None:
        self.kind = kind
        self.exit_code = exit_code
        self.signal = signal
        self.error_message = error_message
        self.oom = oom  # the kernel killed one of its processes for want of memory

    def fields(self) -> dict[str, Any]:
        return dict(vars(self))
