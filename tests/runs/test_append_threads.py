"""Requests that overtake each other: the same bytes from many threads arrive once, and are indexed once."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from runs import storage, streams
from runs.models import Series, Stream
from runs.series import reading
from runs.streams import append_to
from tests.cli.command import wait_for
from tests.runs.factories import line, make_run, series

THREADS = 6


def at_once(call: Callable[[], Any]) -> None:
    start = threading.Barrier(THREADS)

    def one() -> None:
        start.wait()
        try:
            call()
        finally:
            connection.close()

    with ThreadPoolExecutor(THREADS) as pool:
        for future in [pool.submit(one) for _ in range(THREADS)]:
            future.result()


def test_the_same_file_from_many_threads_is_written_once(tmp_path: Path) -> None:
    source = bytes(range(256)) * 500
    path = tmp_path / "output.log"

    def send() -> None:
        for offset in range(0, len(source), 997):
            append_to(path, offset=offset, data=source[offset : offset + 997])

    at_once(send)
    assert path.read_bytes() == source


@pytest.mark.django_db(transaction=True)
def test_the_same_lines_from_many_threads_are_indexed_once() -> None:
    run = make_run()
    lines = [line(step=step, loss=step / 2) for step in range(60)]
    source = b"".join(lines)

    def send() -> None:
        for offset in range(0, len(source), 311):
            streams.append(
                run, 1, "metrics.jsonl", offset=offset, data=source[offset : offset + 311]
            )

    at_once(send)
    assert storage.stream_path(run, 1, "metrics.jsonl").read_bytes() == source
    stored = series(run)
    assert stored.count == 60
    points = reading.exact([stored])[stored.pk]
    assert points.steps.tolist() == list(range(60))
    stream = Stream.objects.get()
    assert (stream.indexed, stream.lines, stream.bad_lines) == (len(source), 60, 0)
    assert Series.objects.count() == 1


def test_whoever_waited_for_a_file_that_was_put_aside_writes_into_the_new_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "metrics.jsonl"

    def opened() -> int:
        return sum(fd.resolve() == path for fd in Path("/proc/self/fd").iterdir())

    with ThreadPoolExecutor(1) as pool:
        with streams._locked(path):
            late = pool.submit(append_to, path, offset=0, data=b"new")
            wait_for(lambda: opened() == 2, "a second writer")
            path.rename(tmp_path / "metrics.jsonl.1")
            path.touch()
        assert late.result() == 3
    assert path.read_bytes() == b"new"
