"""Demo data over the API: whoever may submit makes and removes it, nobody else, and asking again is harmless."""

import pytest
from django.test import Client

from jobs.demo import stories
from runs.models import Run
from tests.jobs.factories import make_job
from tests.site.asking import owner, post

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def few(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two runs stand for thirty."""
    members = stories.sweep()[:1]
    single = next(stories.singles())
    monkeypatch.setattr(stories, "sweep", lambda: members)
    monkeypatch.setattr(stories, "singles", lambda: iter([single]))


def test_made_once_and_removed_for_good() -> None:
    mine = make_job(project="demo")
    client = owner()

    first, again = post(client, "/api/v1/demo"), post(client, "/api/v1/demo")
    there = client.get("/api/v1/demo")
    gone = client.delete("/api/v1/demo")

    assert (first.status_code, first.json()) == (201, {"runs": 2, "made": 2, "removed": 0})
    assert (again.status_code, again.json()["made"]) == (200, 0)
    assert there.json()["runs"] == 2
    assert gone.json() == {"runs": 0, "made": 0, "removed": 2}
    assert [run.key for run in Run.objects.all()] == [f"job-{mine.pk}"]


def test_nobody_else(client: Client) -> None:
    for ask in (client.get, client.post, client.delete):
        assert ask("/api/v1/demo").status_code == 401
    for address in ("/demo", "/demo/remove"):
        assert client.post(address).status_code in (302, 401)
    assert not Run.objects.exists()


def test_a_page_asks_for_it_by_post_alone() -> None:
    for address in ("/demo", "/demo/remove", "/seen"):
        assert owner().get(address).status_code == 405
