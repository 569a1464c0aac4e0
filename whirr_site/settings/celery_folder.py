"""Celery's broker without a broker: queues as files (`whirr_site.broker`)."""

from pathlib import Path
from typing import Any

from whirr_site import broker

URL = f"{broker.SCHEME}://"
broker.register()


def transport(folder: Path) -> dict[str, Any]:
    """Broker options for queues kept as files below `folder` (made, mode 0700)."""
    for part in ("queue", "done", "control"):
        (folder / part).mkdir(mode=0o700, parents=True, exist_ok=True)
    return {
        "data_folder_in": str(folder / "queue"),
        "data_folder_out": str(folder / "queue"),
        "processed_folder": str(folder / "done"),
        "control_folder": str(folder / "control"),
        "store_processed": False,
        "polling_interval": 0.5,
    }
