"""Celery's part: seeded by a migration, wraps one step, speaks JSON alone."""

from importlib import import_module

import pytest
from django.apps import apps
from django.conf import settings
from django_celery_beat.models import PeriodicTask

from jobs import tasks
from whirr_site.celery import app


@pytest.fixture
def seeded(db: None) -> None:
    """The migration's own seed once more: tests with real transactions empty all tables behind them."""
    import_module("jobs.migrations.0002_schedule").seed(apps, None)


@pytest.mark.usefixtures("seeded")
def test_the_sweep_is_scheduled_every_five_seconds_and_forgets_what_it_missed() -> None:
    row = PeriodicTask.objects.get(task="jobs.tasks.requeue_expired_leases")
    assert row.enabled
    assert (row.interval.every, row.interval.period) == (5, "seconds")
    assert row.expire_seconds == 5


def test_the_scheduled_name_is_a_task_that_celery_knows() -> None:
    app.loader.import_default_modules()
    assert tasks.requeue_expired_leases.name == "jobs.tasks.requeue_expired_leases"
    assert tasks.requeue_expired_leases.name in app.tasks


def test_messages_are_json_and_results_are_not_kept() -> None:
    assert app.conf.accept_content == ["json"]
    assert app.conf.task_serializer == "json"
    assert app.conf.task_ignore_result is True
    assert not app.conf.result_backend
    assert settings.CELERY_BEAT_SCHEDULER == "django_celery_beat.schedulers:DatabaseScheduler"
