"""What a job finds in its environment."""

from __future__ import annotations

import os

from whirr.wire import layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from worker_agent.order import Order

# The agent's own settings are no business of a job, nor are the server's, which it may have been
# started with: a token that may do everything, the password of the database, the secret key.
_PREFIX = "WHIRR_"
_OURS = (
    "WORKER_ID",
    "WORKER_TAGS",
    "WORKER_NETWORK_BANDWIDTH_BYTES_PER_SEC",
    "HEARTBEAT_INTERVAL_SEC",
    "OLDPWD",
)


def for_job(
    order: Order,
    folder: str,
    server_url: str,
    inherited: Mapping[str, str] | None = None,
    *,
    gpu_names: Mapping[int, str] | None = None,
) -> dict[str, str]:
    """The agent's environment without its secrets, then the job's wishes, then our promises.

    GPUs are called by their numbers, unless they are given names.
    """
    found = os.environ if inherited is None else inherited
    env = {
        name: value
        for name, value in found.items()
        if not name.startswith(_PREFIX) and name not in _OURS
    }
    # Python holds back 8 KB of output when it writes to a file; people want to see it live.
    env.setdefault("PYTHONUNBUFFERED", "1")
    env["PWD"] = order.workdir
    env.update(order.env)
    env.update(
        WHIRR_JOB_ID=str(order.job_id),
        WHIRR_RUN_ID=order.run_id,
        WHIRR_RUN_DIR=folder,
        WHIRR_ATTEMPT=str(order.attempt),
        WHIRR_CHECKPOINT_DIR=layout.checkpoints_of(folder),
        WHIRR_SERVER_URL=server_url,
    )
    if order.attempt > 1:  # another attempt may have left something to go on from
        env["WHIRR_RESUME"] = "1"
    else:
        env.pop("WHIRR_RESUME", None)
    if order.run_token:
        env["WHIRR_TOKEN"] = order.run_token
    if order.gpus:
        # Numbers, where nothing else was asked for: programs parse them. In bus order they mean what nvidia-smi shows.
        env["CUDA_DEVICE_ORDER"] = "PCI_BUS_ID"
        names = gpu_names or {}
        env["CUDA_VISIBLE_DEVICES"] = ",".join(names.get(gpu, str(gpu)) for gpu in order.gpus)
    return env
