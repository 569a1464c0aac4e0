"""Doorbells over a real Redis: from processes without an event loop, as Celery's are, and from those that have one."""

import asyncio
import json
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import redis
from channels.db import database_sync_to_async as in_thread
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from jobs import pulse
from jobs.models import Job
from jobs.tasks import requeue_expired_leases
from runs import feed, retention
from runs.models import Run
from runs.tasks import adopt_direct_runs, apply_retention, purge_trash
from tests.jobs.factories import make_job, make_worker, sync
from tests.runs.factories import make_direct_run

PATIENCE = 20.0

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def through_redis(redis_url: str, settings: Settings) -> None:
    """The channel layer of a server for many machines."""
    backend = "channels_redis.pubsub.RedisPubSubChannelLayer"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [redis_url]}}}


@pytest.fixture
def listener(redis_url: str, through_redis: None) -> Iterator[Any]:
    """Hears every bell that comes through this Redis."""
    with redis.Redis.from_url(redis_url) as client, client.pubsub() as heard:
        heard.psubscribe("*")
        assert heard.get_message(timeout=PATIENCE)["type"] == "psubscribe"
        yield heard


def hears(listener: Any, group: str) -> bool:
    """Whether a bell of that group comes before our patience is over."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        message = listener.get_message(timeout=0.1)
        if message and message["channel"].decode().endswith(group):
            return True
    return False


def binned() -> str:
    """Past its grace, and waiting to be deleted for good."""
    run, long_ago = ended(), timezone.now() - timedelta(days=99)
    Run.objects.filter(pk=run.pk).update(trashed_at=long_ago)
    return feed.run_group(run.key)


def ruled() -> str:
    run = ended()
    Run.objects.update(project="vision")
    retention.put("vision", {"keep_last": 0})
    return feed.run_group(run.key)


def ended() -> Run:
    run = make_direct_run()
    Run.objects.update(status="completed", finished_at=timezone.now())
    return run


def found(data_dir: Path) -> str:
    key = "local-20300101-120000-abcdef"
    (data_dir / "runs" / key).mkdir()
    (data_dir / "runs" / key / "meta.json").write_text(json.dumps({"status": "completed"}))
    return feed.run_group(key)


def lost() -> str:
    """A job whose worker has fallen silent, while the web process lives."""
    job = make_job()
    sync(make_worker())
    Job.objects.update(lease_expires_at=timezone.now() - timedelta(seconds=1))
    pulse.say_alive(now=timezone.now())
    return f"run.job-{job.pk}"


@pytest.mark.parametrize("task", ["purge", "retention", "adoption", "leases"])
def test_a_task_of_celery_does_all_of_its_work_and_rings(
    task: str, listener: Any, data_dir: Path
) -> None:
    group = {
        "purge": binned,
        "retention": ruled,
        "adoption": lambda: found(data_dir),
        "leases": lost,
    }
    work = {
        "purge": purge_trash,
        "retention": apply_retention,
        "adoption": adopt_direct_runs,
        "leases": requeue_expired_leases,
    }
    wanted = group[task]()
    assert work[task]() == 1
    assert hears(listener, wanted)


async def test_a_process_with_a_loop_rings_in_others_where_nobody_of_its_own_listens(
    listener: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(feed, "_loop", asyncio.get_running_loop())
    await in_thread(feed.ring)("run.job-7")
    assert await asyncio.to_thread(hears, listener, "run.job-7")
    feed.ring_from_loop("run.job-8")
    assert await asyncio.to_thread(hears, listener, "run.job-8")


@pytest.mark.parametrize("backend", ["channels_redis.pubsub.RedisPubSubChannelLayer", "no.such"])
def test_a_bell_that_cannot_be_rung_costs_nothing_but_itself(
    backend: str, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    nobody = "redis://127.0.0.1:1/0"
    settings.CHANNEL_LAYERS = {"default": {"BACKEND": backend, "CONFIG": {"hosts": [nobody]}}}
    done = []
    with transaction.atomic():
        feed.ring(feed.QUEUE)
        transaction.on_commit(lambda: done.append("the rest"))
    assert done == ["the rest"]
    assert "could not ring" in caplog.text or "cannot be used" in caplog.text
