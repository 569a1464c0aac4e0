"""What a retry leaves as it is, said before it is done."""

import pytest

from jobs import rehearsing, retrying
from jobs.models import Job
from jobs.states import After
from tests.jobs.factories import after, claim, finish, fresh, make_job, make_worker

pytestmark = pytest.mark.django_db


def retry(job: Job) -> Job:
    return retrying.retry(job.pk, actor="ada", now=after(10))


def test_what_waited_in_vain_is_told_until_it_is_retried_itself() -> None:
    job = make_job()
    behind = [make_job(after=[(job.pk, After.OK)]) for _ in range(2)]
    make_job(after=[(job.pk, After.NOT_OK)])
    assert rehearsing.of_retry(job) == ""
    finish(claim(make_worker()), exit_code=1)
    said = "2 jobs that waited for it were cancelled and stay so: retry them next."
    assert rehearsing.of_retry(fresh(job)) == said
    retry(job)
    again = retry(behind[0])
    assert again.status == "waiting"
    said = "1 job that waited for it was cancelled and stays so: retry it next."
    assert rehearsing.of_retry(fresh(job)) == said


def test_of_a_job_that_nobody_waited_for_there_is_nothing_to_say() -> None:
    job = make_job()
    finish(claim(make_worker()), exit_code=1)
    assert rehearsing.of_retry(fresh(job)) == ""
