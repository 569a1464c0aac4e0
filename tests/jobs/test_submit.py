"""Submitting: a good wish becomes a job with a run; a bad one is a clear 400 that stores nothing."""

from typing import Any

import pytest
from django.test import Client

from jobs.models import Job, JobEvent, Requirement
from runs.models import Run
from tests.jobs.factories import fresh, make_job
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db

GOOD = {"command_argv": ["python", "train.py"], "workdir": "/work"}
LONG = "x" * 5000
NUL = "a\0b"


@pytest.fixture
def client() -> Client:
    return owner()


def test_only_command_and_folder_are_required(client: Client) -> None:
    answer = post(client, "/api/v1/jobs", GOOD)
    assert answer.status_code == 200
    told = answer.json()
    job = Job.objects.get()
    assert told["job_id"] == job.pk
    assert told["run_id"] == f"job-{job.pk}"
    assert told["url"] == f"/runs/job-{job.pk}/"
    assert told["run_dir"].endswith(f"/runs/job-{job.pk}")
    assert (job.status, job.requirement.gpus, job.user) == ("queued", None, "owner")
    assert (job.run.key, job.run.status) == (f"job-{job.pk}", "pending")


def test_everything_that_was_said_is_kept(client: Client) -> None:
    wish = {
        "name": "lr sweep",
        "config": {"lr": 0.1, "deep": {"list": [1, None, "ä"]}},
        "tags": ["a", "b"],
        "env": {"K": " v "},
        "project": "vision",
        "priority": -3,
        "retries": 2,
        "timeout_seconds": 60,
        "grace_seconds": 5,
        "exclusive": True,
    }
    needs = {"gpus": 2, "min_memory_mb": 100, "require_tags": ["x"]}
    assert post(client, "/api/v1/jobs", GOOD | wish | needs).status_code == 200
    job = Job.objects.select_related("requirement", "run").get()
    assert {name: getattr(job, name) for name in wish} == wish
    need = job.requirement
    assert (need.gpus, need.min_memory_mb, need.tags) == (2, 100, ["x"])
    run = job.run
    assert (run.name, run.project, run.config) == ("lr sweep", "vision", wish["config"])
    assert run.tags == ["a", "b"]


def test_an_argument_may_be_empty_or_blank(client: Client) -> None:
    argv = ["echo", "", " a ", "-n", "ünï\n"]
    assert post(client, "/api/v1/jobs", GOOD | {"command_argv": argv}).status_code == 200
    assert Job.objects.get().command_argv == argv


def test_what_whirr_05_sends_as_null_is_taken_as_left_out(client: Client) -> None:
    nulls = {"name": None, "config": None, "tags": None}
    assert post(client, "/api/v1/jobs", GOOD | nulls).status_code == 200
    job = Job.objects.get()
    assert (job.name, job.config, job.tags) == ("", {}, [])


BAD: list[tuple[str, Any]] = [
    ("command_argv", None),
    ("command_argv", []),
    ("command_argv", [""]),
    ("command_argv", "python train.py"),
    ("command_argv", [["python"]]),
    ("command_argv", ["python", None]),
    ("command_argv", ["python", NUL]),
    ("command_argv", ["python", "\ud800"]),
    ("workdir", None),
    ("workdir", ""),
    ("workdir", "relative/path"),
    ("workdir", "/" + LONG),
    ("workdir", "/a\0b"),
    ("name", LONG),
    ("name", {"a": 1}),
    ("name", NUL),
    ("config", [1]),
    ("config", "lr=1"),
    ("config", {"a": NUL}),
    ("config", {NUL: 1}),
    ("config", {"a": [{"b": "\ud800"}]}),
    ("tags", "a,b"),
    ("tags", [LONG]),
    ("tags", [""]),
    ("tags", [None]),
    ("tags", [NUL]),
    ("env", ["K=V"]),
    ("env", {"": "v"}),
    ("env", {"A=B": "v"}),
    ("env", {"K": NUL}),
    ("env", {NUL: "v"}),
    ("env", {"\ud800": "v"}),
    ("env", {"K": None}),
    ("env", {"K": ["v"]}),
    ("project", LONG),
    ("priority", "high"),
    ("priority", 10**7),
    ("priority", 1.5),
    ("gpus", -1),
    ("gpus", 1025),
    ("gpus", "all"),
    ("gpus", 10**30),
    ("min_memory_mb", -1),
    ("min_memory_mb", 10**12),
    ("require_tags", "a100"),
    ("require_tags", [LONG]),
    ("require_tags", [NUL]),
    ("retries", -1),
    ("retries", 1001),
    ("timeout_seconds", 0),
    ("timeout_seconds", 10**10),
    ("grace_seconds", -1),
    ("grace_seconds", 10**6),
    ("exclusive", "perhaps"),
]


@pytest.mark.parametrize(("field", "value"), BAD)
def test_a_value_that_cannot_be_meant_is_refused_by_name(
    client: Client, field: str, value: Any
) -> None:
    answer = post(client, "/api/v1/jobs", GOOD | {field: value})
    assert answer.status_code == 400
    told = answer.json()
    assert told["code"] == "invalid"
    assert told["detail"]
    assert field in told["fields"]
    for model in (Job, Run, Requirement, JobEvent):
        assert not model.objects.exists()


@pytest.mark.parametrize("field", ["command_argv", "workdir"])
def test_what_is_missing_is_named(client: Client, field: str) -> None:
    answer = post(client, "/api/v1/jobs", {k: v for k, v in GOOD.items() if k != field})
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]


def test_memory_of_no_gpu_is_refused(client: Client) -> None:
    answer = post(client, "/api/v1/jobs", GOOD | {"gpus": 0, "min_memory_mb": 1})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "min_memory_mb" in answer.json()["fields"]
    assert not Run.objects.exists()


@pytest.mark.parametrize("body", ["{", "", "[]", "7", '"text"', '{"config": NaN}', "\xff"])
def test_a_body_that_is_no_object_is_refused(client: Client, body: str) -> None:
    answer = client.post("/api/v1/jobs", body.encode("latin-1"), content_type="application/json")
    assert answer.status_code == 400
    assert {"detail", "code"} <= set(answer.json())


def test_a_body_that_is_nested_without_end_is_refused() -> None:
    client = owner(raise_request_exception=False)
    answer = client.post("/api/v1/jobs", "[" * 100_000, content_type="application/json")
    assert answer.status_code == 400


def test_equal_needs_share_a_row() -> None:
    for _ in range(3):
        make_job(gpus=1, require_tags=["b", "a"])
    make_job(gpus=1, require_tags=["a", "b"])
    assert Requirement.objects.count() == 1


def test_the_environment_is_told_to_nobody_but_the_job(client: Client) -> None:
    job = make_job(env={"API_KEY": "canary"})
    for path in ("/api/v1/jobs", f"/api/v1/jobs/{job.pk}", f"/api/v1/runs/job-{job.pk}"):
        assert "canary" not in client.get(path).content.decode()
    assert fresh(job).env == {"API_KEY": "canary"}
