"""Old garbage is collected by the clock: never in the middle of a burst, but it is collected."""

import asyncio
import gc
import weakref
from collections.abc import Iterator

import pytest

from whirr_site import garbage


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = gc.get_threshold()
    monkeypatch.setattr(garbage, "EVERY", 0.001)
    garbage.settle()
    yield
    gc.set_threshold(*before)
    gc.unfreeze()


class Held:
    """Something that only the collector can free."""

    def __init__(self) -> None:
        self.me = self


async def test_old_garbage_goes_though_no_burst_triggers_it(settled: None) -> None:
    old = Held()
    for generation in (0, 1):
        gc.collect(generation)  # it has lived long
    seen = weakref.ref(old)
    del old
    for _ in range(garbage.WORTH_IT + 1):
        gc.collect(1)
    assert seen() is not None
    task = asyncio.ensure_future(garbage.collect_forever())
    async with asyncio.timeout(10):
        while seen() is not None:
            await asyncio.sleep(0.001)
    task.cancel()
