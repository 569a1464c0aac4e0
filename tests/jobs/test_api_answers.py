"""What is sent is what the OpenAPI document says: answers written by hand agree with their serializers."""

import json
from datetime import timedelta
from typing import Any

import pytest

from jobs.api import answers
from jobs.api.serializers import JobDetailSerializer, JobSerializer
from jobs.api.worker_serializers import WorkerSerializer
from jobs.models import Job, Worker
from jobs.selectors import jobs as listed_jobs
from jobs.selectors import workers
from jobs.states import After
from runs.api.answers import run_json
from runs.api.serializers import RunSerializer
from runs.models import Run, RunKind
from tests.jobs.factories import NOON, cancel, claim, finish, make_job, make_worker
from tests.jobs.test_api_lists import get
from tests.jobs.test_api_verbs import make_array, said

pytestmark = pytest.mark.django_db


def as_json(told: Any) -> Any:
    return json.loads(json.dumps(told))


def crowd() -> None:
    """Jobs of every kind: running, ended, held, of an array, retried, waiting, with every field set."""
    moment = NOON + timedelta(microseconds=123456)
    worker = make_worker(gpus=3)
    first = make_job(
        now=moment, priority=9, gpus=1, min_memory_mb=10, gpu_model="a1", config={"é": 1}
    )
    claim(worker, now=moment)
    make_job(priority=8)
    finish(claim(worker), exit_code=3, now=moment)
    make_job(name="n", project="p", require_tags=["b", "a"], retry_exit_codes=[1], held=True)
    make_job(after=[(first.pk, After.ANY)], timeout_seconds=5, kind="eval", tags=["t"])
    members = make_array("4-5%1")
    cancel(members[0])
    said(f"{members[0].pk}/retry")


class TestWhatIsWrittenByHand:
    """The document is made of the serializers: what is sent has to be what they say, field by field."""

    def test_a_job(self) -> None:
        crowd()
        rows = {row["id"]: row for row in listed_jobs().values(*answers.COLUMNS)}
        assert len(rows) > 6
        for job in listed_jobs():
            told = as_json(JobSerializer(job).data)
            assert as_json(answers.job_json(job)) == told
            assert as_json(answers.row_json(rows[job.pk])) == told
            assert list(told) == list(JobSerializer.Meta.fields)

    def test_a_job_in_full(self) -> None:
        crowd()
        for job in Job.objects.all():
            assert get(f"jobs/{job.pk}") == as_json(JobDetailSerializer(job).data)

    def test_a_run(self) -> None:
        crowd()
        for run in Run.objects.all():
            assert as_json(run_json(run)) == as_json(RunSerializer(run).data)

    @pytest.mark.parametrize("key", ["odd", "job-", "job-x", "../x", "job-1\n"])
    def test_a_run_with_an_odd_key_fails_no_list(self, key: str) -> None:
        make_job()
        odd = Run.objects.create(key=key, kind=RunKind.DIRECT, created_at=NOON)
        told = {each["id"]: each for each in get("runs")["runs"]}
        assert len(told) == 2
        assert (told[key]["run_dir"], told[key]["job_id"]) == ("", None)
        assert as_json(run_json(odd)) == as_json(RunSerializer(odd).data) == told[key]

    def test_a_worker(self) -> None:
        crowd()
        now = NOON + timedelta(seconds=1)
        make_worker("plain", gpus=0)
        for view in workers(now=now):
            assert as_json(answers.worker_json(view)) == as_json(WorkerSerializer(view).data)

    def test_the_list_says_the_same_as_the_job(self) -> None:
        crowd()
        for told in get("jobs")["jobs"]:
            whole = get(f"jobs/{told['id']}")
            assert {name: whole[name] for name in told} == told
            assert {*whole} - {*told} == {"attempts", "after"}


def test_a_job_tells_what_it_waits_for() -> None:
    first, second = make_job(), make_job()
    cancel(second)
    child = make_job(after=[(first.pk, After.OK), (second.pk, After.NOT_OK)])
    assert get(f"jobs/{child.pk}")["after"] == [
        {"job_id": first.pk, "kind": "ok", "status": "queued"},
        {"job_id": second.pk, "kind": "notok", "status": "cancelled"},
    ]


def test_a_job_of_an_array_and_its_retry_tell_so() -> None:
    job, _ = make_array("7-8")
    cancel(job)
    again = said(f"{job.pk}/retry")["job_id"]
    told = get(f"jobs/{again}")
    assert (told["array_id"], told["array_index"]) == (f"A{job.array_id}", 7)
    assert told["retry_of"] == job.pk


def test_a_job_outlives_its_workers_row() -> None:
    make_job()
    finish(claim(make_worker()))
    Worker.objects.all().delete()
    assert get("jobs")["jobs"][0]["worker_id"] is None
