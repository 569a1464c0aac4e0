"""Submitting with dependencies, as an array, held, for certain machines, and twice with the same key."""

from functools import partial
from typing import Any

import pytest

from jobs.models import Array, Dependency, Job
from tests.jobs.factories import cancel, claim, finish, fresh, make_job, make_worker
from tests.jobs.test_claim_threads import at_once
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db

GOOD = {"command_argv": ["python", "train.py"], "workdir": "/work"}
PATH = "/api/v1/jobs"


def submit(*, key: str = "", **wish: Any) -> Any:
    client = owner()
    if key:
        client.defaults["HTTP_IDEMPOTENCY_KEY"] = key
    return post(client, PATH, GOOD | wish)


def submitted(**wish: Any) -> dict[str, Any]:
    answer = submit(**wish)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def edges(job_id: int) -> list[tuple[int, str]]:
    return list(Dependency.objects.filter(job=job_id).order_by("on").values_list("on", "kind"))


class TestAfter:
    def test_jobs_are_named_by_number_or_with_the_kind_of_end(self) -> None:
        jobs = [make_job().pk for _ in range(4)]
        names = [jobs[0], f"ok:{jobs[1]}", f"any:{jobs[2]}", f"notok:{jobs[3]}"]
        told = submitted(after=names)
        assert edges(told["job_id"]) == list(zip(jobs, ("ok", "ok", "any", "notok"), strict=True))
        assert told["message"] == f"Job {told['job_id']} waits"
        assert Job.objects.get(pk=told["job_id"]).status == "waiting"

    def test_the_same_one_twice_is_once(self) -> None:
        job = make_job().pk
        assert edges(submitted(after=[job, str(job), f"ok:{job}"])["job_id"]) == [(job, "ok")]

    def test_an_array_stands_for_each_of_its_members(self) -> None:
        array = submitted(array="0-2")
        told = submitted(after=[f"any:{array['array_id']}"])
        assert edges(told["job_id"]) == [(pk, "any") for pk in array["job_ids"]]

    def test_of_a_member_that_was_retried_the_newest_counts(self) -> None:
        """Else whoever waits for an array would be cancelled for a failure that was mended long ago."""
        array = submitted(array="0-1")
        first, second = array["job_ids"]
        cancel(Job.objects.get(pk=first))
        again = post(owner(), f"{PATH}/{first}/retry").json()["job_id"]
        assert edges(submitted(after=[array["array_id"]])["job_id"]) == [
            (second, "ok"),
            (again, "ok"),
        ]

    def test_a_job_that_can_never_start_says_so_at_once(self) -> None:
        dead = make_job()
        cancel(dead)
        told = submitted(after=[dead.pk])
        assert told["message"].startswith(
            f"Job {told['job_id']} was cancelled at once: job {dead.pk}"
        )
        job = Job.objects.get(pk=told["job_id"])
        assert (job.status, job.reason) == ("cancelled", "dependency_failed")

    @pytest.mark.parametrize(
        "after",
        [
            ["x"],
            [""],
            [None],
            [True],
            [1.5],
            [-1],
            [[1]],
            ["12 "],
            ["12\n"],
            ["some:12"],
            ["A"],
            ["any:"],
            ["9" * 19],
            [10**30],
            ["\u0663"],
            ["1\0"],
            ["\ud800"],
            "12",
            {"a": 1},
            None,
            7,
        ],
    )
    def test_what_names_no_job_is_refused(self, after: Any) -> None:
        answer = submit(after=after)
        assert answer.status_code == 400
        assert list(answer.json()["fields"]) == ["after"]
        assert not Job.objects.exists()

    @pytest.mark.parametrize("after", [999, "any:999", "A999", "notok:A999", 10**18 - 1])
    def test_what_is_not_there_is_named(self, after: Any) -> None:
        answer = submit(after=[after])
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
        assert str(after).rpartition(":")[2] in answer.json()["detail"]

    def test_one_job_in_two_ways_is_refused(self) -> None:
        job = make_job().pk
        answer = submit(after=[job, f"any:{job}"])
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["after"])

    def test_two_large_arrays_cannot_be_tied_to_one_another(self) -> None:
        """10,000 times 10,000 dependencies would fill the disk before anybody noticed."""
        first = submitted(array="1-400")
        answer = submit(array="1-400", after=[first["array_id"]])
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["after"])
        assert Job.objects.count() == 400


class TestArray:
    def test_the_answer_is_of_the_first_member_and_names_all(self) -> None:
        told = submitted(array="3-9:3", name="lr")
        jobs = list(Job.objects.order_by("pk"))
        assert told["job_id"] == jobs[0].pk
        assert told["job_ids"] == [job.pk for job in jobs]
        assert told["array_id"] == f"A{Array.objects.get().pk}"
        assert [(job.array_index, job.name) for job in jobs] == [
            (3, "lr[3]"),
            (6, "lr[6]"),
            (9, "lr[9]"),
        ]

    def test_with_a_limit_only_so_many_are_queued(self) -> None:
        submitted(array="0-4%2")
        statuses = Job.objects.order_by("pk").values_list("status", flat=True)
        assert list(statuses) == ["queued", "queued", "waiting", "waiting", "waiting"]

    @pytest.mark.parametrize(
        "spec", ["", " ", "x", "3-1", "1-2-3", "0-99%0", "0-99%", "-1", "0-10001", "1" * 300, "1\0"]
    )
    def test_what_is_no_range_is_refused(self, spec: str) -> None:
        answer = submit(array=spec)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["array"])
        assert not Job.objects.exists()
        assert not Array.objects.exists()

    @pytest.mark.parametrize("spec", [7, {"from": 0}, [1, 2], True])
    def test_another_type_than_text_is_read_as_text_or_refused(self, spec: Any) -> None:
        assert submit(array=spec).status_code == (200 if spec == 7 else 400)


class TestKey:
    def test_the_same_key_answers_with_the_same_job(self) -> None:
        first = submitted(key="k-1")
        assert submitted(key="k-1", name="another") == first
        assert submitted(key="k-2")["job_id"] != first["job_id"]
        assert Job.objects.count() == 2

    def test_the_same_key_answers_with_the_same_array(self) -> None:
        first = submitted(key="k", array="0-3")
        assert submitted(key="k", array="0-3") == first
        assert Job.objects.count() == 4

    def test_the_answer_says_how_far_the_first_one_got(self) -> None:
        submitted(key="k")
        finish(claim(make_worker()))
        assert submitted(key="k")["message"].endswith(" completed")

    @pytest.mark.parametrize("key", ["x" * 129, "a b", "tab\t", "ümlaut"])
    def test_a_key_that_cannot_be_meant_is_refused(self, key: str) -> None:
        answer = submit(key=key)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["Idempotency-Key"])
        assert not Job.objects.exists()

    @pytest.mark.django_db(transaction=True)
    def test_at_the_same_moment_one_job_comes_of_it_and_all_hear_of_it(self) -> None:
        answers = at_once([partial(submit, key="k")] * 6)
        assert {answer.status_code for answer in answers} == {200}
        assert len({answer.json()["job_id"] for answer in answers}) == 1
        assert Job.objects.count() == 1


def test_a_held_job_says_so_and_is_not_handed_out() -> None:
    told = submitted(held=True)
    assert told["message"] == f"Job {told['job_id']} is held until somebody releases it"
    job = Job.objects.get()
    assert (job.status, job.is_held, job.held_by) == ("queued", True, "owner")


def test_what_a_job_needs_is_kept_and_told() -> None:
    needs = {
        "gpus": 2,
        "min_memory_mb": 100,
        "gpu_model": "A100",
        "require_tags": ["x"],
        "kind": "eval",
        "retry_exit_codes": [1, 75, -9],
    }
    told = owner().get(f"{PATH}/{submitted(**needs)['job_id']}").json()
    assert {name: told[name] for name in needs} == needs


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("gpu_model", "x" * 101),
        ("gpu_model", "A\0"),
        ("gpu_model", None),
        ("gpu_model", ["A100"]),
        ("kind", ""),
        ("kind", "Upper"),
        ("kind", "a b"),
        ("kind", "x" * 33),
        ("kind", None),
        ("retry_exit_codes", 1),
        ("retry_exit_codes", ["x"]),
        ("retry_exit_codes", [2**31]),
        ("retry_exit_codes", [None]),
        ("retry_exit_codes", list(range(257))),
        ("retry_exit_codes", "1,75"),
        ("held", "perhaps"),
        ("held", None),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(field: str, value: Any) -> None:
    answer = submit(**{field: value})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert not Job.objects.exists()


def test_a_gpu_model_without_gpus_is_refused() -> None:
    answer = submit(gpus=0, gpu_model="A100")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["gpu_model"])


def test_a_repeated_submit_sees_the_array_without_its_retries() -> None:
    first = submitted(key="k", array="0-1")
    cancel(fresh(Job.objects.get(pk=first["job_ids"][0])))
    post(owner(), f"{PATH}/{first['job_ids'][0]}/retry")
    assert submitted(key="k", array="0-1")["job_ids"] == first["job_ids"]
