"""What happens to a job whose run is deleted for good, and which runs of jobs stay."""

from typing import Any

import pytest

from jobs import retrying
from jobs.models import Array, Attempt, Dependency, Job, JobEvent
from runs import purging, retention, trash
from runs.errors import InUse
from runs.models import Deletion, Run
from tests.jobs.factories import (
    NOON,
    after,
    cancel,
    claim,
    finish,
    make_array,
    make_job,
    make_worker,
    run_through,
)
from whirr_site.access.principals import SCOPES, Principal

pytestmark = pytest.mark.django_db
ADMIN = Principal("root", SCOPES)
DAY = 86400


def discard(*jobs: Job) -> trash.Moved:
    return trash.discard([job.run.key for job in jobs], by=ADMIN, now=NOON)


def purge() -> purging.Purged:
    return purging.purge(by="root", now=after(8 * DAY))


def done(**wish: Any) -> Job:
    """A job that completed."""
    job = make_job(**wish)
    finish(claim(make_worker()))
    return Job.objects.get(pk=job.pk)


def test_the_job_goes_with_its_attempts_and_events() -> None:
    job, other = done(), done()
    discard(job)
    assert purge().keys == [job.run.key]
    assert [*Job.objects.all()] == [other]
    assert not Attempt.objects.filter(job_id=job.pk).exists()
    assert not JobEvent.objects.filter(job_id=job.pk).exists()


@pytest.mark.parametrize("live", [True, False])
def test_a_run_that_a_live_job_depends_on_stays_where_it_is(live: bool) -> None:
    parent = done()
    child = make_job(after=[(parent.pk, "ok")])
    if not live:
        cancel(child)
    moved = discard(parent)
    assert bool(moved.refused) == live
    if live:
        with pytest.raises(InUse, match=f"job {child.pk} depends on its job"):
            trash.only(moved)


def test_a_job_that_is_retried_while_its_run_is_in_the_trash_keeps_it_from_being_deleted() -> None:
    job = done()
    discard(job)
    again = retrying.retry(job.pk, actor="ada", now=NOON)
    assert "repeats its job" in purge().kept[job.run.key]
    cancel(again)
    assert purge().keys == [job.run.key]


def test_a_job_that_anothers_history_names_keeps_its_row_and_nothing_else() -> None:
    parent = done()
    child = make_job(after=[(parent.pk, "ok")])
    run_through(make_worker())
    discard(parent)
    assert purge().keys == [parent.run.key]
    assert Job.objects.filter(pk=parent.pk).exists()
    assert Dependency.objects.get(job=child).on_id == parent.pk
    assert Run.objects.get(pk=parent.run_id).deleted_at is not None
    assert Deletion.objects.get(run_key=parent.run.key).ended_at is not None
    assert purge().keys == []  # it was told once
    assert Job.objects.filter(pk=parent.pk).exists()
    trash.discard([child.run.key], by=ADMIN, now=NOON)
    assert purge().keys == [child.run.key]
    purge()
    assert not Job.objects.exists()
    assert not Run.objects.exists()


def test_an_array_goes_with_its_last_member() -> None:
    jobs = make_array("0-1")
    worker = make_worker()
    run_through(worker)
    run_through(worker)
    discard(jobs[0])
    purge()
    assert Array.objects.count() == 1
    discard(jobs[1])
    purge()
    assert Array.objects.count() == 0


def test_a_rule_leaves_alone_what_is_in_use() -> None:
    parent, free = done(project="vision"), done(project="vision")
    make_job(project="vision", after=[(parent.pk, "ok")])
    rule = retention.put("vision", {"keep_last": 0})
    verdict = retention.judge(rule, now=after(1))
    assert [run.key for run in verdict.going] == [free.run.key]
    assert verdict.staying == {"in use": 1}
    assert retention.apply(rule, now=after(1)) == [free.run.key]
