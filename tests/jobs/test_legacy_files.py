"""Files of whirr 0.5 workers: written into the server's data folder, told to nobody, found by the server."""

from pathlib import Path
from typing import Any

import pytest

from jobs.models import Job
from runs import storage
from runs.models import Series
from tests.jobs.factories import fresh, make_job, make_worker
from tests.site.asking import owner, post

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("data_dir")]


def claimed(**wish: Any) -> tuple[Job, Path]:
    """A job that node1 claimed as 0.5 does, and the folder of its run."""
    job = make_job(**wish)
    make_worker()
    assert post(owner(), "/api/v1/jobs/claim", {"worker_id": "node1"}).json()["job"]["id"] == job.pk
    return fresh(job), storage.run_folder(f"job-{job.pk}")


def heartbeat(job: Job, worker_id: str = "node1") -> int:
    answer = post(owner(), f"/api/v1/jobs/{job.pk}/heartbeat", {"worker_id": worker_id})
    return int(answer.status_code)


def complete(job: Job, worker_id: str = "node1", exit_code: int = 0) -> int:
    body = {"worker_id": worker_id, "exit_code": exit_code}
    return int(post(owner(), f"/api/v1/jobs/{job.pk}/complete", body).status_code)


def test_the_folder_of_artifacts_is_there_when_the_claim_is_answered() -> None:
    """0.5 makes it with mkdir(exist_ok=True), which fails on a link that leads nowhere and ends the worker."""
    _, folder = claimed()
    (folder / "artifacts").mkdir(exist_ok=True)
    assert (folder / "attempts" / "1" / "artifacts").is_dir()


def test_a_heartbeat_takes_over_what_was_logged_since() -> None:
    job, folder = claimed(config={"seed": 1})
    (folder / "metrics.jsonl").write_text('{"_idx": 0, "loss": 2}\n{"_idx": 1, "lo')
    (folder / "config.json").write_text('{"lr": 0.1}')
    assert heartbeat(job) == 200
    assert Series.objects.get(run=job.run, key="loss").count == 1
    with (folder / "metrics.jsonl").open("a") as file:
        file.write('ss": 1}\n')
    assert heartbeat(job) == 200
    assert Series.objects.get(run=job.run, key="loss").count == 2
    assert fresh(job).run.config == {"seed": 1, "lr": 0.1}


@pytest.mark.parametrize("exit_code", [0, 3])
def test_the_end_takes_over_all_that_is_left(exit_code: int) -> None:
    job, folder = claimed()
    (folder / "metrics.jsonl").write_text('{"_idx": 0, "loss": 2}\n')
    (folder / "meta.json").write_text('{"name": "inner", "tags": ["t"], "summary": {"best": 1}}')
    assert complete(job, exit_code=exit_code) == 200
    run = fresh(job).run
    assert (run.name, run.tags, run.summary) == ("inner", ["t"], {"best": 1})
    assert Series.objects.get(run=run, key="loss").last == 2


@pytest.mark.parametrize("text", ["", "{", "[]"])
def test_a_file_that_cannot_be_read_keeps_no_job_from_ending(text: str) -> None:
    job, folder = claimed()
    for name in ("meta.json", "config.json", "metrics.jsonl"):
        (folder / name).write_text(text)
    assert heartbeat(job) == 200
    assert complete(job) == 200
    assert fresh(job).status == "completed"


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    """A job may put one there; what it leads to is none of its run's."""
    secret = tmp_path / "config.json"
    secret.write_text('{"secret": 1}')
    job, folder = claimed()
    (folder / "attempts" / "1" / "config.json").symlink_to(secret)
    assert complete(job) == 200
    assert fresh(job).run.config == {}


def test_another_worker_makes_the_server_look_at_nothing() -> None:
    job, folder = claimed()
    make_worker("node2")
    (folder / "config.json").write_text('{"lr": 0.1}')
    assert (heartbeat(job, "node2"), complete(job, "node2")) == (404, 403)
    assert fresh(job).run.config == {}
