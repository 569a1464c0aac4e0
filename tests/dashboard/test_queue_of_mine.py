"""The queue for whoever looks at it: their own jobs first, and what is done to the chosen ones at once."""

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from django.utils import timezone

from dashboard import queue_page
from jobs import changing_many
from jobs.models import Job
from tests.dashboard.conftest import begin
from tests.jobs.factories import make_job, make_worker

pytestmark = pytest.mark.django_db
BY_SCRIPT = {"HX-Request": "true"}


def page(browser: Client, query: str = "") -> str:
    return browser.get(f"/queue/?{query}").content.decode()


class TestMine:
    @pytest.fixture
    def running(self, db: None) -> None:
        now = timezone.now()
        worker = make_worker("gpu-a", now=now, gpus=8)
        for minute, user in enumerate(("ada", "owner", "ada", "owner")):
            when = now + timedelta(minutes=minute - 9)
            begin(worker, name=f"of {user} {minute}", user=user, gpus=1, now=when)

    def test_what_runs_of_mine_stands_before_what_runs_longer(
        self, running: None, browser: Client
    ) -> None:
        told = page(browser)
        order = ("of owner 1", "of owner 3", "of ada 0", "of ada 2")
        places = [told.index(f">{name}</a>") for name in order]
        assert places == sorted(places)

    def test_mine_are_among_those_that_are_shown_of_too_many(
        self, running: None, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(queue_page, "RUNNING_SHOWN", 2)
        told = page(browser)
        assert ">of owner 3</a>" in told
        assert ">of ada 0</a>" not in told

    @pytest.mark.parametrize(
        ("query", "chip", "all_chip"),
        [
            ("", '<a href="?user=me">mine</a>', '<a href="?" aria-current="true">all</a>'),
            ("user=me", '<a href="?" aria-current="true">mine</a>', '<a href="?">all</a>'),
            ("user=owner", '<a href="?" aria-current="true">mine</a>', '<a href="?">all</a>'),
            (
                "state=running&user=me",
                '<a href="?state=running" aria-current="true">mine</a>',
                '<a href="?">all</a>',
            ),
            (
                "user=ada",
                '<a href="?user=me">mine</a>',
                '<a href="?user=ada" aria-current="true">all</a>',
            ),
        ],
    )
    def test_a_chip_shows_mine_and_all_again(
        self, query: str, chip: str, all_chip: str, browser: Client
    ) -> None:
        told = page(browser, query)
        assert chip in told
        assert all_chip in told


class TestTheChosen:
    @pytest.fixture
    def jobs(self, db: None) -> list[int]:
        """One runs, two wait, one of them held; another one waits before them."""
        now = timezone.now()
        first = begin(make_worker("gpu-a", now=now), now=now).job_id
        waiting = [make_job(now=now, held=held).pk for held in (False, True)]
        make_job(now=now, priority=10, name="the first")
        return [first, *waiting]

    def asked(self, browser: Client, verb: str, jobs: list[int], **more: Any) -> dict[str, Any]:
        told = {"jobs": ",".join(map(str, jobs))} | more
        answer: dict[str, Any] = browser.get(f"/queue/{verb}.json", told).json()
        return answer

    def done(self, browser: Client, verb: str, jobs: list[int], **more: Any) -> str:
        told = {"jobs": ",".join(map(str, jobs))} | more
        return browser.post(f"/queue/{verb}", told, headers=BY_SCRIPT).content.decode()

    @pytest.mark.parametrize(
        ("verb", "more", "count", "told", "said"),
        [
            (
                "hold",
                {},
                1,
                "keeps 1 waiting job from starting until somebody releases it; 2 others chosen stay as before",
                "1 job held back; 2 not changed: 1 already held, 1 not waiting.",
            ),
            (
                "release",
                {},
                1,
                "lets 1 held job start when its turn comes; 2 others chosen stay as before",
                "1 job released; 2 not changed: 1 not held, 1 not waiting.",
            ),
            (
                "priority",
                {"priority": "-3"},
                2,
                "gives 2 waiting jobs the priority -3; 1 other chosen stays as before",
                "2 jobs given another priority; 1 not changed: 1 not waiting.",
            ),
            (
                "top",
                {},
                2,
                "gives 2 waiting jobs the priority 11: they go before 1 other; 1 other chosen stays as before",
                "2 jobs moved to the top; 1 not changed: 1 not waiting.",
            ),
        ],
    )
    def test_what_will_happen_is_said_and_happens_once(
        self,
        verb: str,
        more: dict[str, str],
        count: int,
        told: str,
        said: str,
        jobs: list[int],
        browser: Client,
    ) -> None:
        assert self.asked(browser, verb, jobs, **more) == {"count": count, "told": told}
        assert self.done(browser, verb, jobs, **more) == said
        assert self.asked(browser, verb, jobs, **more)["count"] == 0
        again = self.done(browser, verb, jobs, **more)
        assert again.startswith("0 jobs ")
        assert "; 3 not changed: " in again

    def test_each_is_changed_as_one_alone_would_be(self, jobs: list[int], browser: Client) -> None:
        self.done(browser, "hold", jobs)
        self.done(browser, "top", jobs)
        waiting = Job.objects.filter(pk__in=jobs[1:])
        assert set(waiting.values_list("priority", "held_by")) == {(11, "owner"), (11, "ada")}
        told = waiting[0].events.values_list("kind", "actor")
        assert ("priority", "owner") in told
        assert Job.objects.get(pk=jobs[0]).priority == 0

    def test_nothing_goes_above_the_highest(self, jobs: list[int], browser: Client) -> None:
        Job.objects.filter(name="the first").update(priority=changing_many.HIGHEST)
        answer = browser.get(f"/queue/top.json?jobs={jobs[1]}")
        assert answer.status_code == 400
        assert "the highest priority" in answer.json()["detail"]
        assert "the highest priority" in self.done(browser, "top", jobs)

    @pytest.mark.parametrize("priority", ["", "x", "1.5", "10000000", "1e3"])
    def test_a_priority_that_is_none(self, priority: str, jobs: list[int], browser: Client) -> None:
        wish: dict[str, str | int] = {"jobs": jobs[1], "priority": priority}
        assert browser.get("/queue/priority.json", wish).status_code == 400
        assert browser.post("/queue/priority", wish, headers=BY_SCRIPT).status_code == 409

    @pytest.mark.parametrize("verb", ["hold", "release", "top"])
    @pytest.mark.parametrize("wrong", ["", "x", "1,x", "-1", ",".join(["1"] * 1001)])
    def test_numbers_that_are_none(self, verb: str, wrong: str, browser: Client) -> None:
        assert browser.get(f"/queue/{verb}.json", {"jobs": wrong}).status_code == 400
        answer = browser.post(f"/queue/{verb}", {"jobs": wrong}, headers=BY_SCRIPT)
        assert answer.status_code == 409

    def test_what_is_not_there(self, browser: Client) -> None:
        assert browser.get("/queue/hold.json?jobs=999").status_code == 404
        assert browser.post("/queue/hold", {"jobs": "999"}).status_code == 404
        assert browser.post("/queue/explode", {"jobs": "1"}).status_code == 404
        assert browser.get("/queue/hold").status_code == 405

    def test_only_administrators_move_to_the_top(self, jobs: list[int]) -> None:
        client = Client()
        client.force_login(get_user_model().objects.create_user("bob"))
        assert "Set priority" in page(client)
        assert "Move to top" not in page(client)
        assert client.get(f"/queue/top.json?jobs={jobs[1]}").status_code == 403
        assert client.post("/queue/top", {"jobs": jobs[1]}).status_code == 403
        assert client.get(f"/queue/hold.json?jobs={jobs[1]}").status_code == 200


class TestPlaces:
    def test_an_admin_puts_a_job_above_another(self, browser: Client) -> None:
        a, _, c = (make_job().pk for _ in range(3))
        answer = browser.post("/queue/place", {"job": c, "above": a}, headers=BY_SCRIPT)
        assert answer.content.decode() == f"Job {c} is at place 1 of 3, with priority 1."
        shown = page(browser)
        assert f'data-place-job="{c}"' in shown
        assert "inside one fair share decides" in shown

    def test_others_see_no_handle_and_are_refused(self, browser: Client) -> None:
        a, b = make_job().pk, make_job().pk
        client = Client()
        client.force_login(get_user_model().objects.create_user("ada"))
        assert "data-place-job" not in page(client)
        answer = client.post("/queue/place", {"job": b, "above": a}, headers=BY_SCRIPT)
        assert answer.status_code == 403
        assert "needs the role “admin”" in answer.content.decode()
        assert Job.objects.get(pk=b).priority == 0

    @pytest.mark.parametrize(
        "asked",
        [
            {},
            {"job": "1"},
            {"above": "1"},
            {"job": "x", "above": "1"},
            {"job": "1,2", "above": "3"},
            {"job": "1", "above": "2", "below": "3"},
        ],
    )
    def test_what_names_no_place_is_refused(self, browser: Client, asked: dict[str, str]) -> None:
        assert browser.post("/queue/place", asked, headers=BY_SCRIPT).status_code == 409

    def test_a_job_that_is_not_there_is_not_found(self, browser: Client) -> None:
        asked = {"job": make_job().pk, "above": 999_999}
        assert browser.post("/queue/place", asked, headers=BY_SCRIPT).status_code == 404
