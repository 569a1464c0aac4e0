"""A run that was renamed on its page goes by its new name wherever its job is shown."""

import pytest
from django.test import Client
from django.utils import timezone

from runs import annotating
from runs.annotating import Change
from tests.jobs.factories import claim, make_job, make_worker
from whirr_site.access.principals import Principal


@pytest.mark.django_db
def test_the_new_name_stands_on_every_page_of_the_queue(browser: Client) -> None:
    now = timezone.now()
    worker = make_worker("gpu-a", now=now)
    owner = Principal("owner", frozenset({"admin"}))
    for old, new in (("first", "renamed-running"), ("second", "renamed-waiting")):
        job = make_job(name=old, gpus=1, now=now)
        if old == "first":
            claim(worker, now=now)
        annotating.annotate(job.run.key, Change(name=new), by=owner, now=now)

    for address in ("/", "/queue/"):
        told = browser.get(address).content.decode()
        assert "renamed-running" in told
        assert "renamed-waiting" in told
        assert ">first<" not in told
        assert ">second<" not in told
    assert "renamed-running" in browser.get("/workers/").content.decode()
