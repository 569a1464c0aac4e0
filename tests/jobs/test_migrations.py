"""Data of an earlier version arrives in the present one with its meaning."""

from importlib import import_module

import pytest
from django.apps import apps
from django.db import connection

from jobs import quotas, requirements
from jobs.models import Job, Quota, Requirement
from tests.jobs.factories import fresh, make_job, make_worker, sync

pytestmark = pytest.mark.django_db


def test_a_job_from_before_lanes_is_given_to_its_projects_worker_and_counts_for_its_user() -> None:
    job = make_job(project="vision", user="ada", gpus=1)
    old = Requirement.objects.create(gpus=1, tags=[], digest="as version 0 wrote it")
    Job.objects.filter(pk=job.pk).update(requirement=old)
    import_module("jobs.migrations.0007_lanes").move_to_lanes(apps, connection.schema_editor())
    need = fresh(job).requirement
    assert (need.user, need.project, need.gpus) == ("ada", "vision", 1)
    assert need == requirements.requirement_for(
        requirements.Needs(gpus=1, project="vision", user="ada")
    )
    Quota.objects.create(scope="user", name="ada", running_jobs=0)
    assert quotas.Caps.read([need]).refusal(need, 1)
    Quota.objects.all().delete()
    worker = make_worker(gpus=1)
    worker.projects = ["vision"]
    worker.save()
    assert [order.job.pk for order in sync(worker).jobs] == [job.pk]
