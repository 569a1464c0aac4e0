"""Agents send often what somebody looks at: one column of the run, seldom written, known to every web process."""

import asyncio
from datetime import datetime, timedelta

import pytest
from channels.layers import get_channel_layer
from django.test.utils import override_settings

from runs import attention, feed, recording
from runs.models import Run, RunStatus
from tests.runs.factories import NOON, make_run

pytestmark = pytest.mark.django_db(transaction=True)

LONG = 15.0


@pytest.fixture
def rung(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Every group that was rung, once what surrounded it was committed."""
    groups: list[str] = []
    monkeypatch.setattr(feed, "_ring_now", groups.extend)
    return groups


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def interval(run: Run, seconds: float) -> float:
    return attention.interval(Run.objects.get(pk=run.pk).watched_until, now=after(seconds))


def test_a_look_shortens_the_interval_for_half_a_minute() -> None:
    run = make_run()
    assert interval(run, 0) == LONG
    attention.look(run, now=NOON)
    assert [interval(run, at) for at in (0, 29.9, 30.1)] == [
        attention.WATCHED,
        attention.WATCHED,
        LONG,
    ]


def test_the_first_look_wakes_the_agent_and_the_next_ones_do_not(rung: list[str]) -> None:
    run = make_run()
    rung.clear()
    for seconds in (0, 2, 14, 16, 18, 40):
        attention.look(Run.objects.get(pk=run.pk), now=after(seconds))
    assert rung == [f"watched.{run.key}"]
    attention.look(Run.objects.get(pk=run.pk), now=after(100))
    assert rung == [f"watched.{run.key}"] * 2


def test_however_often_somebody_looks_it_is_written_every_fifteen_seconds() -> None:
    run = make_run()
    written = set()
    for seconds in range(60):
        attention.look(run, now=after(seconds))
        written.add(Run.objects.values_list("watched_until", flat=True).get(pk=run.pk))
    assert len(written) == 4


def test_two_processes_that_look_at_once_ring_once(rung: list[str]) -> None:
    run = make_run()
    rung.clear()
    same = Run.objects.get(pk=run.pk)
    attention.look(run, now=NOON)
    attention.look(same, now=NOON)
    assert rung == [f"watched.{run.key}"]


def test_a_run_that_ended_is_not_written_to() -> None:
    run = make_run()
    recording.set_statuses([(run, RunStatus.COMPLETED)], now=NOON)
    attention.look(run, now=NOON)
    assert Run.objects.get(pk=run.pk).watched_until is None


def test_the_setting_is_the_long_interval() -> None:
    with override_settings(WHIRR_SHIP_INTERVAL=40):
        assert attention.interval(None, now=NOON) == 40.0


async def test_the_first_look_is_heard_by_whoever_listens_for_workers_in_another_process() -> None:
    layer = get_channel_layer()
    channel = await layer.new_channel()
    await layer.group_add(feed.WORKERS, channel)
    await feed._send(layer, (feed.watched_group("job-7"),))
    message = await asyncio.wait_for(layer.receive(channel), 10)
    await layer.group_discard(feed.WORKERS, channel)
    assert feed.watched_key(message["group"]) == "job-7"
    assert feed.watched_key(feed.worker_group("node1")) == ""
