"""Lines as the library writes them to metrics.jsonl, quickly."""

import math
import time
from collections.abc import Iterator

START = 1_768_473_000  # 2026-01-15T10:30:00Z
RATE = 100  # lines a second


def metrics(lines: int, *, keys: int = 2) -> bytes:
    """All lines at once; see `pieces`."""
    return b"".join(pieces(lines, keys=keys))


def pieces(lines: int, *, keys: int = 2) -> Iterator[bytes]:
    """`lines` lines of one or two values and a step, a second of training a piece."""
    for first in range(0, lines, RATE):
        second = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(START + first // RATE))
        last = min(first + RATE, lines)
        yield "".join(_line(n, lines, second, keys) for n in range(first, last)).encode()


def _line(n: int, lines: int, second: str, keys: int) -> str:
    micro = n % RATE * (1_000_000 // RATE) + n % 97
    loss = math.exp(-n / lines) + math.sin(n) / 50
    more = f',"accuracy":{n / lines!r}' if keys > 1 else ""
    return f'{{"_idx":{n},"_timestamp":"{second}.{micro:06d}Z","step":{n},"loss":{loss!r}{more}}}\n'
