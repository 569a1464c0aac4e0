"""Pages say which GPUs are handed to no job, who holds them, and stay whole whatever an agent says."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from jobs.api import parsing
from jobs.models import Worker
from tests.dashboard.test_hostile import EVIL
from tests.jobs.factories import make_job, make_worker

BOB = {"pid": 123, "user": "bob", "name": "python", "memory_mb": 20480}
EVIL_TAGS = re.compile("<script>alert|<img src=x")
TEXT = "GPU 1 is used by bob (pid 123, python, 20 GiB)"
ODD: list[Any] = [
    [{"index": 0, "why": EVIL, "reason": EVIL, "processes": [{"pid": 1, "user": EVIL}]}],
    [{"index": {}, "processes": {}}],
    [{"index": 0, "processes": [None, {"pid": "x"}]}],
    EVIL,
    {"a": 1},
]


def worker_with(load: Any) -> Worker:
    worker = make_worker(gpus=2, now=timezone.now())
    worker.load = load
    worker.save()
    return worker


def page(browser: Client, path: str) -> str:
    answer = browser.get(path)
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.fixture
def told(browser: Client) -> Worker:
    out = [{"index": 1, "why": "foreign", "processes": [BOB]}]
    gpus = [{"index": 0, "power_w": 250.5, "temperature_c": 61}]
    disk = {"disk_free_mb": 76800, "disk_total_mb": 102400}
    return worker_with({"gpus": gpus, "blocked": out, **disk, "gpu_trouble": "no <i>answer"})


def test_the_card_says_who_holds_the_gpu(browser: Client, told: Worker) -> None:
    for path in ("/workers/", "/"):
        shown = page(browser, path)
        assert TEXT in shown
        assert 'data-blocked="foreign"' in shown
        assert "handed to no job" in shown
        assert "no &lt;i&gt;answer" in shown


def test_power_disk_and_driver_are_shown(browser: Client, told: Worker) -> None:
    told.gpus = [{**gpu, "driver_version": "550.54.15"} for gpu in told.gpus]
    told.save()
    shown = page(browser, "/workers/")
    assert "250 W" in shown or "251 W" in shown
    assert "disk 25 / 100 GiB used" in shown
    assert "driver 550.54.15" in shown


def test_the_admin_says_it_in_its_list_and_on_its_page(browser: Client, told: Worker) -> None:
    for path in ("/admin/jobs/worker/", f"/admin/jobs/worker/{told.pk}/change/"):
        assert TEXT in page(browser, path)


def test_the_page_of_a_job_says_why_it_waits(browser: Client, told: Worker) -> None:
    job = make_job(gpus=2)
    assert TEXT in page(browser, f"/runs/{job.run.key}/")


ODD_LOADS: list[Any] = [
    EVIL,
    [EVIL],
    {"gpus": EVIL, "cpu_percent": EVIL, "memory_used_mb": [], "bandwidth_bytes_per_second": {}},
    {"gpus": [None, {}, {"index": []}, {"index": {}}, {"index": EVIL}, {"index": True}]},
    {"gpus": [{"index": 0, "utilization": [], "memory_used_mb": {}, "power_w": EVIL}]},
    {"gpus": [{"index": 0, "temperature_c": 1e308, "utilization": 1e308, "power_w": -1e308}]},
    {"disk_free_mb": -1e308, "disk_total_mb": 1e308, "disk_low": [], "gpu_trouble": {}},
    {"memory_used_mb": 1e308, "cpu_percent": -1e308, "bandwidth_bytes_per_second": 1e308},
]


@pytest.mark.parametrize("load", ODD_LOADS)
def test_an_odd_load_breaks_no_page_for_all_the_others(browser: Client, load: Any) -> None:
    """It is left out, whether it is read as it comes or lies in the database since an earlier version."""
    make_worker("other", now=timezone.now())
    for each in (load, parsing.sync_report({"load": load}).load):
        assert not broken_pages(browser, worker_with(each))


@pytest.mark.parametrize("out", ODD)
def test_odd_words_break_no_page_and_become_none(browser: Client, out: Any) -> None:
    load = {"blocked": out, "gpu_trouble": [EVIL], "disk_free_mb": EVIL, "disk_total_mb": -1}
    assert not broken_pages(browser, worker_with(load))


def broken_pages(browser: Client, worker: Worker) -> list[str]:
    """Those that fail, or that say what was told as it came."""
    job = make_job(gpus=2)
    pages = (
        *("/", "/workers/", "/queue/", "/admin/jobs/worker/"),
        *(f"/admin/jobs/worker/{worker.pk}/change/", f"/runs/{job.run.key}/"),
    )
    api = ("workers", f"workers/{worker.worker_id}", f"jobs/{job.pk}/explain")
    broken = [path for path in pages if EVIL_TAGS.search(page(browser, path))]
    return broken + [path for path in api if not page(browser, f"/api/v1/{path}")]
