"""When the web process looks for cyclic garbage among what has lived long: by the clock, not in the middle of a burst.

Thousands of held requests are a million objects. Python walks through all of them again whenever a quarter more came,
which was a third of the time that a burst took. Young objects are collected as always.
"""

import asyncio
import contextlib
import ctypes
import gc

EVERY = 10.0  # seconds
NEVER = 1_000_000_000
WORTH_IT = 5  # collections of the middle generation since the last whole one


M_ARENA_MAX, ARENAS = -8, 2  # of <malloc.h>


def settle() -> None:
    """Call once everything is loaded: that stays, and from now on only `collect_forever` goes through the old ones."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)
    _share_heaps()


def _share_heaps() -> None:
    """glibc gives each thread a heap of its own, whose holes no other one fills: with twenty threads memory creeps up.

    Python's lock keeps them from allocating at the same time anyway. Other C libraries have no such call.
    """
    with contextlib.suppress(OSError, AttributeError):
        ctypes.CDLL(None).mallopt(M_ARENA_MAX, ARENAS)


async def collect_forever() -> None:
    """The loop."""
    while True:
        await asyncio.sleep(EVERY)
        if gc.get_count()[2] >= WORTH_IT:
            gc.collect()
