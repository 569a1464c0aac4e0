"""Celery's queues as files, for those who run no Redis: kombu's transport, whose messages here appear whole.

kombu opens a message's file and then writes it. A worker that looks in between reads nothing, and ends over it.
"""

import time
import uuid
from pathlib import Path
from typing import Any

from kombu.exceptions import ChannelError
from kombu.transport import TRANSPORT_ALIASES, filesystem
from kombu.utils.json import dumps

SCHEME = "whirr-files"


class Channel(filesystem.Channel):
    def _put(  # type: ignore[override]  # kombu is at odds with itself over the names
        self, queue: str, payload: dict[str, Any], **kwargs: Any
    ) -> None:
        """Raises ChannelError where the folder cannot be written to."""
        name = f"{time.time_ns():020d}_{uuid.uuid4()}.{queue}.msg"  # read in this order
        path = Path(self.data_folder_out) / name
        part = path.with_name(f"{name}.part")  # which nobody takes for a message
        try:
            part.write_text(dumps(payload))
            part.replace(path)
        except OSError as error:
            raise ChannelError(f"cannot put a message into {path.parent}: {error}") from error


class Transport(filesystem.Transport):
    Channel = Channel


def register() -> None:
    """Make the broker URL `whirr-files://` mean this."""
    TRANSPORT_ALIASES[SCHEME] = f"{__name__}:{Transport.__name__}"
