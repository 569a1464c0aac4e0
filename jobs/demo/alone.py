"""One process at a time makes or removes the demo data; a killed one lets go by dying."""

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings

from runs.errors import Busy

PATIENCE = 20.0  # seconds that a second click waits for the first
STEP = 0.05


@contextmanager
def alone() -> Iterator[None]:
    """Raises Busy where another one takes longer than anybody would wait."""
    handle = os.open(
        Path(settings.DATA_DIR) / "demo.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600
    )
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)


def _lock(handle: int) -> None:
    until = time.monotonic() + PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                raise Busy("demo data is being made or removed; look again in a moment") from None
            time.sleep(STEP)
        else:
            return
