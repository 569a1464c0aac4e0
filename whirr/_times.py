"""Times as whirr writes them: UTC, microseconds, a Z at the end."""

from __future__ import annotations

import time


def stamp(seconds: float) -> str:
    whole = int(seconds)
    micros = int((seconds - whole) * 1_000_000)
    return f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(whole))}.{micros:06d}Z"


def now() -> str:
    return stamp(time.time())
