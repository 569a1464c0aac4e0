"""Merging beside ingestion and another merger, and cut off in the middle: no point is lost, none is there twice."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from django.db import connection, transaction

from runs import indexing
from runs.models import STRETCH, Chunk, Overview, Run
from runs.points import Points
from runs.series import merging, reading
from tests.runs.factories import make_run, series

pytestmark = pytest.mark.django_db(transaction=True)
BATCH = 1500
COUNT = 40 * BATCH


def points(start: int, end: int) -> Points:
    steps = np.arange(start, end, dtype="<i8")
    return Points(steps, np.sin(steps), steps * 0.5)


def closing(call: Callable[[], object]) -> Callable[[], None]:
    def one() -> None:
        try:
            call()
        finally:
            connection.close()

    return one


def ingest(run: Run) -> None:
    for start in range(0, COUNT, BATCH):
        with transaction.atomic():
            indexing.store(run, 1, "", {"loss": points(start, start + BATCH)})


def test_ingestion_two_mergers_and_a_reader_at_once() -> None:
    run = make_run()
    with transaction.atomic():
        indexing.store(run, 1, "", {"other": points(0, 1)})
    done = threading.Event()

    def merge() -> None:
        while not done.is_set():
            merging.merge_all(seconds=5)
            done.wait(0.005)

    def read() -> None:
        while not done.is_set():
            for stored in run.series.filter(key="loss"):
                (found,) = reading.exact([stored]).values()
                assert found.steps.tolist() == list(range(stored.count))
                (thinned,) = reading.read([stored], width=100)
                assert int(thinned.thinned.counts.sum()) == stored.count
            done.wait(0.005)

    def write() -> None:
        try:
            ingest(run)
        finally:
            done.set()

    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(closing(each)) for each in (write, merge, merge, read)]:
            future.result()

    merging.merge_all(seconds=60)
    stored = series(run)
    assert (stored.count, stored.merged) == (COUNT, COUNT // STRETCH * STRETCH)
    (found,) = reading.exact([stored]).values()
    assert found.pack() == points(0, COUNT).pack()
    chunks = Chunk.objects.filter(series=stored).order_by("start")
    assert sum(each.count for each in chunks) == COUNT


def test_a_merger_that_dies_leaves_everything_as_it_was(monkeypatch: pytest.MonkeyPatch) -> None:
    run = make_run()
    ingest(run)
    before = list(Chunk.objects.order_by("pk").values_list("pk", "tier", "start", "count"))

    def die(*_args: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(merging, "_grow", die)
        with pytest.raises(KeyboardInterrupt):
            merging.merge(series(run).pk)
    after = list(Chunk.objects.order_by("pk").values_list("pk", "tier", "start", "count"))
    assert (after, series(run).merged, Overview.objects.count()) == (before, 0, 0)
    assert merging.merge_all(seconds=60) == COUNT // STRETCH
