"""What the server asks an agent to run, and what an attempt came to."""

from __future__ import annotations

from typing import Any, NamedTuple

from whirr.wire import layout

Key = tuple[int, int]  # (job id, attempt number)


class BadOrder(ValueError):
    """An order that makes no sense; the message says why."""


class Order(NamedTuple):
    job_id: int
    attempt: int
    run_id: str
    name: str
    command: tuple[str, ...]
    workdir: str
    env: dict[str, str]
    config: dict[str, Any]
    gpus: tuple[int, ...]
    timeout_seconds: float | None
    grace_seconds: float
    exclusive: bool
    run_token: str

    @property
    def key(self) -> Key:
        return self.job_id, self.attempt

    def __repr__(self) -> str:  # it may end in a log: no environment, no command, no token
        return f"<order for job {self.job_id}, attempt {self.attempt}>"


def parse(raw: dict[str, Any]) -> Order:
    """An order from the JSON of a sync answer."""
    try:
        timeout = raw.get("timeout_seconds")
        order = Order(
            job_id=int(raw["job_id"]),
            attempt=int(raw["attempt"]),
            run_id=str(raw.get("run_id") or f"job-{raw['job_id']}"),
            name=str(raw.get("name") or ""),
            command=tuple(str(part) for part in raw["command_argv"]),
            workdir=str(raw.get("workdir") or ""),
            env={str(name): str(value) for name, value in (raw.get("env") or {}).items()},
            config=dict(raw.get("config") or {}),
            gpus=tuple(int(index) for index in raw.get("gpus") or ()),
            timeout_seconds=None if timeout is None else float(timeout),
            grace_seconds=max(0.0, float(raw.get("grace_seconds", 30))),
            exclusive=bool(raw.get("exclusive")),
            run_token=str(raw.get("run_token") or ""),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise BadOrder(f"an order could not be read: {error!r}") from error
    if not layout.is_run_id(order.run_id):
        raise BadOrder(f"an order names a run that cannot be a folder: {order.run_id!r}")
    return order


class Outcome(NamedTuple):
    """How an attempt ended, in the words of the finish call."""

    kind: str  # exited, cancelled, timed_out, never_started, worker_shutdown, lost
    exit_code: int | None = None
    signal: int | None = None
    error_message: str = ""
