"""A log that may fill a disk is said to: on the page of its run and on its worker's card."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from dashboard.logs import large
from jobs.models import Attempt, Worker
from runs import storage
from tests.dashboard.conftest import begin, run_of, say

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def printed(size: int) -> Attempt:
    """Of an attempt that began two hours ago; the file has a hole, and takes no room."""
    attempt = begin(now=timezone.now())
    say(attempt, b"x\n")
    with storage.stream_path(run_of(attempt), 1, "output.log").open("r+b") as file:
        file.truncate(size)
    attempt.started_at = timezone.now() - timedelta(hours=2)
    attempt.save()
    return attempt


def test_a_large_log_is_told_with_its_rate_and_the_disk_that_it_fills(
    browser: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = printed(3 << 30)
    Worker.objects.update(load={"disk_free_mb": 3 * 1536})
    monkeypatch.setattr(large, "_room_here", lambda: 2.0**50)
    told = "is 3.0 GiB; it prints 1.5 GiB an hour on average, which fills the disk of node1 in 3 h"
    for page in (f"/runs/{run_of(attempt).key}/", "/workers/"):
        assert told in browser.get(page).content.decode(), page

    monkeypatch.setattr(large, "_room_here", lambda: 2.0**29)
    attempt.refresh_from_db()
    (found,) = large.of_running([attempt], now=timezone.now())
    assert found.text.endswith("which fills the server's disk in 20 min")


ODD = [[], {}, {"disk_free_mb": "much"}, {"disk_free_mb": -1}, {"disk_free_mb": True}]


@pytest.mark.parametrize("load", ODD)
def test_what_is_not_known_of_a_disk_is_not_said(
    load: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    attempt = printed(3 << 30)
    Worker.objects.update(load=load)
    monkeypatch.setattr(large, "_room_here", lambda: float("inf"))
    attempt.refresh_from_db()
    (found,) = large.of_running([attempt], now=timezone.now())
    assert found.text == "is 3.0 GiB; it prints 1.5 GiB an hour on average"
    attempt.finished_at = timezone.now()
    later = large.large(run_of(attempt), attempt, 1, now=timezone.now())
    assert later is not None
    assert later.text == "is 3.0 GiB"


def test_an_ordinary_log_and_a_link_in_its_place_are_not_told() -> None:
    attempt = printed(large.LARGE - 1)
    assert large.of_running([attempt], now=timezone.now()) == []
    path = storage.stream_path(run_of(attempt), 1, "output.log")
    with path.open("r+b") as file:
        file.truncate(large.LARGE)
    assert len(large.of_running([attempt], now=timezone.now())) == 1
    path.rename(path.with_name("other"))
    path.symlink_to("other")
    assert large.of_running([attempt], now=timezone.now()) == []
