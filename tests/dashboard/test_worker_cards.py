"""Cards of workers: what draining does, said before; machines that are away are not free."""

from datetime import datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone

from jobs.models import Worker
from jobs.workers import label, set_disabled
from tests.jobs.factories import make_job, make_worker, sync

pytestmark = pytest.mark.django_db


def card(browser: Client, address: str = "/workers/") -> str:
    return browser.get(address, headers={"HX-Request": "true"}).content.decode()


def working(*users: str, now: datetime) -> Worker:
    """A machine of four GPUs that runs a job of each."""
    worker = make_worker("gpu-a", gpus=4, now=now)
    for user in users:
        make_job(user=user, gpus=1, now=now)
    sync(worker, now=now)
    return worker


class TestTheQuestion:
    @pytest.mark.parametrize(
        ("users", "said"),
        [
            ((), "It runs nothing; it takes nothing new."),
            (("ada",), "Its running job finishes; it takes nothing new."),
            (("ada", "ada"), "Its 2 running jobs finish; it takes nothing new."),
            (("ada", "bob", "bob"), "Its 3 running jobs (2 users) finish; it takes nothing new."),
        ],
        ids=["none", "one", "of one user", "of two users"],
    )
    def test_draining_lets_what_runs_finish(
        self, users: tuple[str, ...], said: str, browser: Client
    ) -> None:
        working(*users, now=timezone.now())
        shown = card(browser)
        assert f'hx-confirm="Drain gpu-a? {said}" data-deed="Drain"' in shown

    def test_disabling_says_what_becomes_of_what_runs(self, browser: Client) -> None:
        working("ada", now=timezone.now())
        assert "Disable gpu-a? What it runs goes on; it is given no jobs until" in card(browser)
        set_disabled("gpu-a", True, actor="ada", now=timezone.now())
        assert "hx-confirm" in card(browser)
        assert "Enable</button>" in card(browser)


class TestAway:
    GPU = {"index": 0, "utilization": 87, "memory_used_mb": 30_000, "temperature_c": 91}

    def away(self, gpus: int, load: dict[str, object]) -> None:
        then = timezone.now() - timedelta(minutes=10)
        sync(make_worker("gone", gpus=gpus, now=then), now=then, load=load)

    @pytest.mark.parametrize("address", ["/workers/", "/"])
    def test_a_gpu_shows_what_is_known_last_and_is_not_free(
        self, address: str, browser: Client
    ) -> None:
        self.away(1, {"gpus": [self.GPU]})
        shown = card(browser, address)
        assert '<span class="soft">away</span>' in shown
        assert "last known:" in shown
        assert "87 %" in shown
        assert '<span class="soft">free</span>' not in shown
        assert '<div class="num hot">' not in shown

    @pytest.mark.parametrize("load", [{}, {"gpus": ["odd"]}, {"gpus": [{"index": 0}]}])
    def test_where_nothing_was_told_nothing_is_shown(
        self, load: dict[str, object], browser: Client
    ) -> None:
        self.away(1, load)
        shown = card(browser)
        assert '<span class="soft">away</span>' in shown
        assert " °C" not in shown
        assert "last known" not in shown

    def test_a_slot_without_a_gpu(self, browser: Client) -> None:
        self.away(0, {"cpu_percent": 12})
        shown = card(browser)
        assert '<span class="soft">away</span>' in shown
        assert '<span class="soft">free</span>' not in shown


class TestWhatIsSaidOfIt:
    @pytest.mark.parametrize("ahead", [0, 2, -1.9, "x", None, True, []])
    def test_a_clock_that_is_right_is_no_news(self, ahead: object, browser: Client) -> None:
        now = timezone.now()
        sync(make_worker(now=now), now=now, load={"clock_ahead_seconds": ahead})
        assert "Its clock" not in card(browser)

    def test_a_clock_that_is_wrong_is_said_while_it_is_here(self, browser: Client) -> None:
        now = timezone.now()
        sync(worker := make_worker(now=now), now=now, load={"clock_ahead_seconds": -65.2})
        assert "Its clock is 1 min behind the server&#x27;s" in card(browser)
        Worker.objects.filter(pk=worker.pk).update(heartbeat_at=now - timedelta(hours=1))
        assert "Its clock" not in card(browser)

    def test_tags_say_where_they_are_set(self, browser: Client) -> None:
        make_worker(now=timezone.now(), tags=["nvlink"])
        shown = card(browser)
        assert '<span class="tag" title="nvlink">nvlink</span>' in shown
        assert "Tags of its agent, by <code>--tags</code>:" in shown


class TestLabels:
    def test_they_stand_apart_from_the_agents_tags_and_can_be_taken_away(
        self, browser: Client
    ) -> None:
        worker = make_worker("gpu-a", tags=["a100"])
        answer = browser.post(
            f"/workers/{worker.pk}/labels", {"add": "fast, <b>"}, headers={"HX-Request": "true"}
        )
        assert answer.content.decode() == "gpu-a has the labels <b>, fast."
        shown = card(browser)
        assert '<span class="tag" title="a100">' in shown
        assert '<span class="tag is-label" title="fast">' in shown
        assert "Remove the label &lt;b&gt; from gpu-a" in shown
        focused_then = f'data-after="add-label-{worker.pk}"'
        assert shown.count(focused_then) == 2
        assert "unlabel-" not in shown  # htmx would focus the next label's by its number
        browser.post(f"/workers/{worker.pk}/labels", {"remove": ["fast", "<b>"]})
        assert Worker.objects.get().labels == []

    def test_a_bad_one_is_refused_in_words(self, browser: Client) -> None:
        worker = make_worker("gpu-a")
        path, by_script = f"/workers/{worker.pk}/labels", {"HX-Request": "true"}
        answer = browser.post(path, {"add": "x" * 101}, headers=by_script)
        assert answer.status_code == 409
        assert "at most 100 characters" in answer.content.decode()

    def test_who_is_no_admin_sees_them_and_changes_none(
        self, db: None, django_user_model: type
    ) -> None:
        worker = make_worker("gpu-a")
        label("gpu-a", add=["fast"], actor="ada", now=timezone.now())
        client = Client()
        client.force_login(django_user_model.objects.create_user("bob"))  # type: ignore[attr-defined]
        assert "Labels, set here" in card(client)
        assert "Remove the label" not in card(client)
        assert client.post(f"/workers/{worker.pk}/labels", {"add": "x"}).status_code == 403
