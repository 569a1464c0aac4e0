"""GET /api/v1/jobs/<id>/explain: what programs read."""

import re
from pathlib import Path

import pytest
from django.test import Client
from django.utils import timezone

from jobs.reasons import Why
from jobs.verdicts import Verdict
from tests.jobs.factories import claim, make_job, make_worker
from tests.site.asking import owner

pytestmark = pytest.mark.django_db
PAGE = Path(__file__).resolve().parents[2] / "docs" / "explain.md"


def test_the_answer_has_the_shape_that_programs_rely_on() -> None:
    now = timezone.now()
    worker = make_worker("gpu-a", gpus=2, now=now)
    make_job(now=now)
    claim(worker, now=now)
    job = make_job(gpus=2, now=now)

    answer = owner().get(f"/api/v1/jobs/{job.pk}/explain")

    assert answer.status_code == 200
    assert answer.json() == {
        "job_id": job.pk,
        "status": "queued",
        "summary": "waits for 2 GPUs: gpu-a has 1 free",
        "reasons": [{"code": "busy", "text": "waits for 2 GPUs: gpu-a has 1 free"}],
        "position": 1,
        "ahead": 0,
        "estimated_start": None,
        "estimate_basis": "no history yet: no job has succeeded here, so run times are unknown",
        "workers": [
            {
                "worker_id": "gpu-a",
                "verdict": "busy",
                "text": "needs 2 GPUs: 1 of 2 is free",
            }
        ],
        "workers_more": 0,
    }


def test_a_running_job_and_one_that_ended_are_told_in_the_same_shape() -> None:
    now = timezone.now()
    attempt = claim_one(now)

    running = owner().get(f"/api/v1/jobs/{attempt}/explain").json()

    assert running["status"] == "running"
    assert running["workers"] == []
    assert running["position"] is None
    assert running["reasons"][0]["code"] == "running"


def claim_one(now: object) -> int:
    worker = make_worker(now=now)  # type: ignore[arg-type]
    make_job(now=now)  # type: ignore[arg-type]
    return claim(worker, now=now).job_id  # type: ignore[arg-type]


def test_there_is_no_such_job_and_nobody_may_ask_without_a_token() -> None:
    assert owner().get("/api/v1/jobs/7/explain").status_code == 404
    assert Client().get("/api/v1/jobs/7/explain").status_code == 401


@pytest.mark.parametrize("table", [Why, Verdict])
def test_every_code_is_in_the_documentation(table: type[Why] | type[Verdict]) -> None:
    listed = re.findall(r"^\| `(\w+)` \| (.+) \|$", PAGE.read_text(), re.MULTILINE)
    assert set(table.choices) <= set(listed)
    assert len(listed) == len(Why) + len(Verdict)
