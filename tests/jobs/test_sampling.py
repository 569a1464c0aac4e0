"""The load of workers is kept once a minute, costs nothing in between, and whatever an agent sends."""

import math
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import pulse, sampling
from jobs.models import LoadSample, Worker
from tests.jobs.factories import NOON, after, make_worker, sync

pytestmark = pytest.mark.django_db

LOAD = {
    "cpu_percent": 50,
    "memory_used_mb": 500,
    "gpus": [
        {
            "index": 0,
            "utilization": 97,
            "memory_used_mb": 20_000,
            "temperature_c": 71.04,
            "power_w": 250,
        }
    ],
}


@pytest.fixture(autouse=True)
def nothing_remembered() -> None:
    sampling.forget()


@pytest.fixture
def worker() -> Worker:
    return make_worker(gpus=2, memory_mb=1000)


def test_each_minute_has_one_row_however_often_an_agent_says_it(worker: Worker) -> None:
    for second in (0, 20, 40, 60, 119):
        sync(worker, now=after(second), load=LOAD)
    assert [row.minute for row in LoadSample.objects.all()] == [NOON, after(60)]
    assert LoadSample.objects.first().data == {  # type: ignore[union-attr]
        "cpu": 0.5,
        "memory": 0.5,
        "gpus": [{"index": 0, "use": 0.97, "memory": 0.5, "celsius": 71.0, "watts": 250.0}],
    }


def test_two_processes_keep_one_row(worker: Worker) -> None:
    sync(worker, load=LOAD)
    sampling.forget()
    sync(worker, now=after(10), load=LOAD)
    assert LoadSample.objects.count() == 1


def test_within_the_minute_there_is_no_query_more(worker: Worker) -> None:
    sync(worker, load=LOAD)
    with CaptureQueriesContext(connection) as counted:
        sync(worker, now=after(5), load=LOAD)
    assert not [each for each in counted if "loadsample" in each["sql"]]


def test_later_looks_of_a_held_request_keep_nothing(worker: Worker) -> None:
    serial = sync(worker, load=LOAD).serial
    sync(worker, now=after(61), serial=serial, load=LOAD)
    assert LoadSample.objects.count() == 1


@pytest.mark.parametrize(
    ("load", "kept"),
    [
        ({"cpu_percent": "50"}, {}),
        ({"cpu_percent": math.nan, "gpus": "none"}, {}),
        ({"cpu_percent": True, "memory_used_mb": 1e300}, {}),
        ({"cpu_percent": 250, "memory_used_mb": -5}, {"cpu": 1.0, "memory": 0.0}),
        ({"gpus": [None, 7, {"index": "0"}, {"index": True}, {"index": 9}]}, {}),
        ({"gpus": [{"index": 1, "utilization": None}]}, {"gpus": [{"index": 1}]}),
    ],
)
def test_nonsense_is_left_out(worker: Worker, load: dict[str, Any], kept: dict[str, Any]) -> None:
    assert sampling.sample(load, worker.gpus, worker.memory_mb) == kept


def test_a_worker_that_is_deleted_meanwhile_spoils_nothing(worker: Worker) -> None:
    other = make_worker("node2", memory_mb=1000)
    gone = worker.pk
    worker.delete()
    sampling.store([(gone, [], LOAD), (other.pk, other.gpus, LOAD)], now=NOON)
    assert [row.worker_id for row in LoadSample.objects.all()] == [other.pk]


def test_old_rows_go_with_the_sweep_and_only_those(worker: Worker) -> None:
    for hours in (0, 2, 4):
        sampling.store([(worker.pk, worker.gpus, LOAD)], now=NOON + timedelta(hours=hours))
    pulse.sweep(now=NOON + timedelta(hours=4))
    left = [row.minute.hour for row in LoadSample.objects.all()]
    assert left == [14, 16]
    pulse.sweep(now=NOON + timedelta(hours=6))
    assert LoadSample.objects.count() == 1


def test_history_is_in_order_and_within_its_time(worker: Worker) -> None:
    for minute in (3, 1, 2, 0):
        sampling.store([(worker.pk, worker.gpus, LOAD)], now=after(60 * minute))
    found = sampling.history([worker.pk, 999], since=NOON, until=after(120))
    assert [row.minute for row in found[worker.pk]] == [after(60), after(120)]
    assert found[999] == []
