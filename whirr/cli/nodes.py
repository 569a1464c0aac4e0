"""Workers as a table."""

from __future__ import annotations

from typing import Any

from whirr.cli import output
from whirr.cli.output import ago

HEADINGS = ("worker", "status", "host", "gpus", "jobs", "seen", "disk", "agent")


def table(workers: list[dict[str, Any]], title: str = "") -> None:
    """One line a worker."""
    output.table(HEADINGS, [_row(worker) for worker in workers], title=title)
    for worker in workers:
        if (worker.get("load") or {}).get("disk_low") is True and worker["status"] != "offline":
            full = f"{worker['id']}: its disk is full, and it takes no jobs until there is room"
            output.chat(output.plain(full))
        for blocked in worker.get("blocked_gpus") or []:
            output.chat(output.plain(f"{worker['id']}: {blocked['text']}, and given to no job"))


def _row(worker: dict[str, Any]) -> tuple[object, ...]:
    return (
        worker["id"],
        worker["status"],
        worker["hostname"],
        _gpus(worker),
        ", ".join(map(str, worker.get("job_ids") or [])),
        ago(worker.get("heartbeat_at")),
        _disk(worker.get("load")),
        _version(worker),
    )


def _disk(load: object) -> str:
    """`75 GiB free`; what an agent sent may be anything."""
    free = load.get("disk_free_mb") if isinstance(load, dict) else None
    return f"{free / 1024:.4g} GiB free" if isinstance(free, (int, float)) else ""


def _version(worker: dict[str, Any]) -> str:
    """`1.2.0 (older)`; the bare number where it is the server's own, or where the server does not compare."""
    version = str(worker.get("version") or "")
    skew = str(worker.get("version_skew") or "same").replace("_", " ")
    return version if skew == "same" else f"{version} ({skew})".strip()


def _gpus(worker: dict[str, Any]) -> str:
    """`4 x NVIDIA A100 (1 blocked)`; as many parts as there are models."""
    models = [str(gpu.get("name") or "GPU") for gpu in worker.get("gpus") or []]
    told = ", ".join(f"{models.count(name)} x {name}" for name in dict.fromkeys(models))
    blocked = {each["index"] for each in worker.get("blocked_gpus") or []}
    return f"{told} ({len(blocked)} blocked)" if blocked else told
