"""Clients that log to one run at the same time lose nothing and double nothing."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import close_old_connections, connection
from django.utils import timezone

from mlflow_api import experiments, metrics, tracking
from mlflow_api.metrics import Metric
from runs import storage
from runs.models import Run, Series

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, CALLS = 4, 12


def logged(run: Run, thread: int) -> None:
    try:
        for call in range(CALLS):
            points = [Metric(key, call, call, thread) for key in ("own", f"of {thread}")]
            metrics.log(run, points)
            tracking.log_params(run, [(f"{thread}.{call}", str(call))])
            tracking.set_tags(run, {f"{thread}.{call}": "x"})
    finally:
        close_old_connections()
        connection.close()


def test_all_points_params_and_tags_are_there_once() -> None:
    now = timezone.now()
    run = tracking.create(experiments.get("0", now=now), tracking.Wish(), now=now)
    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(lambda thread: logged(run, thread), range(THREADS)))
    lines = storage.stream_path(run, 1, "metrics.jsonl").read_text().splitlines()
    assert all(json.loads(line) for line in lines)
    counts = dict(Series.objects.filter(run=run).values_list("key", "count"))
    assert counts == {"own": THREADS * CALLS} | {f"of {n}": CALLS for n in range(THREADS)}
    run = tracking.get(run.key)
    assert len(run.config) == len(run.tags) == THREADS * CALLS
