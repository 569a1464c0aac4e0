"""When the web process looks for cyclic garbage among what has lived long: by the clock, not in the middle of a burst.

Thousands of held requests are a million objects. Python walks through all of them again whenever a quarter more came,
which was a third of the time that a burst took. Young objects are collected as always.
"""

import asyncio
import gc

EVERY = 10.0  # seconds
NEVER = 1_000_000_000
WORTH_IT = 5  # collections of the middle generation since the last whole one


def settle() -> None:
    """Call once everything is loaded: that stays, and from now on only `collect_forever` goes through the old ones."""
    gc.collect()
    gc.freeze()
    young, middle, _ = gc.get_threshold()
    gc.set_threshold(young, middle, NEVER)


async def collect_forever() -> None:
    """The loop."""
    while True:
        await asyncio.sleep(EVERY)
        if gc.get_count()[2] >= WORTH_IT:
            gc.collect()
