"""What the page of a run says: why it failed and what to do, its attempts, what it ran from."""

import json
from datetime import timedelta

import pytest
import yaml
from django.test import Client
from django.utils import timezone

from dashboard.run_sections import (
    attempts,
    hints,
    neighbours,
    reason,
    summary,
)
from dashboard.run_sections.timeline import SHOWN, timeline
from jobs import cancelling
from jobs.models import Attempt, Job, JobEvent, Worker
from jobs.states import JobStatus, Reason
from runs import annotating
from runs.annotating import Change
from runs.models import Run, RunKind, RunStatus
from tests.dashboard.conftest import NAN, begin, log, run_of, say
from tests.jobs import factories
from whirr_site.access.principals import Principal

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]
TRACE = (
    b"Traceback (most recent call last):\n  File 'x'\ntorch.OutOfMemoryError: CUDA out of memory\n"
)


def failure(attempt: Attempt) -> reason.Failure:
    job = Job.objects.select_related("requirement").get(pk=attempt.job_id)
    attempt.refresh_from_db()
    found = reason.failure(run_of(attempt), job, attempt, attempt.number)
    assert found is not None
    return found


class TestWhyItFailed:
    def test_the_reason_the_error_its_line_and_a_way_out(self) -> None:
        attempt = begin()
        say(attempt, b"first\n" + TRACE)
        factories.finish(attempt, exit_code=1)
        found = failure(attempt)
        assert found.headline.startswith("Exit code 1 · torch.OutOfMemoryError")
        assert found.lines[0].startswith("Traceback")
        assert found.line == 4
        assert "--vram" in found.advice.command
        assert found.advice.command.endswith("-- python train.py")

    @pytest.mark.parametrize("why", [each for each in Reason if each != Reason.OK])
    def test_every_reason_has_words_and_advice(self, why: Reason) -> None:
        attempt = begin(timeout_seconds=3600)
        factories.finish(attempt, exit_code=1)
        Job.objects.update(reason=why, error_message="", exit_code=None)
        Attempt.objects.update(reason=why, error_message="", exit_code=None)
        found = failure(attempt)
        assert found.headline
        assert found.advice.text[0].isupper()
        assert found.advice.command.startswith("whirr ")
        assert "{" not in found.advice.text

    def test_of_an_earlier_attempt_it_says_which_one_took_over(self, browser: Client) -> None:
        worker = factories.make_worker("gpu-a", gpus=4)
        first = begin(worker, retries=3)
        for at in (10, 20):
            factories.finish(
                worker.attempts.latest("pk"),
                exit_code=1,
                now=factories.NOON + timedelta(minutes=at),
            )
            assert Job.objects.update(not_before=None) == 1
            newest = factories.claim(worker, now=factories.NOON + timedelta(minutes=at + 5))
        Attempt.objects.filter(pk=first.pk).update(
            error_message="gpu-a is gone", reason=Reason.WORKER_LOST
        )
        told = failure(first)
        assert told.headline == "gpu-a is gone"
        assert told.advice == reason.Advice("Attempt 2 took over; attempt 3 is running.")
        factories.finish(newest, exit_code=0, now=factories.NOON + timedelta(minutes=40))
        key = run_of(first).key
        page = browser.get(f"/runs/{key}/head", {"attempt": 2}).content.decode()
        assert "Attempt 3 took over and completed." in page
        assert f'<a href="/runs/{key}/">Show attempt 3</a>' in page
        assert "whirr retry" not in page
        assert "/retry" not in page

    def test_names_in_it_are_written_as_they_are(self) -> None:
        attempt = begin(factories.make_worker("gpu-a"))
        say(attempt, TRACE)
        factories.finish(attempt, exit_code=1)
        Attempt.objects.update(reason="", exit_code=None, error_message="")
        Job.objects.update(reason="")
        assert failure(attempt).headline.startswith("torch.OutOfMemoryError")
        job = Job.objects.get()
        for why in (Reason.WORKER_LOST, Reason.OOM, Reason.NEVER_STARTED):
            said = reason.advice(why, run_of(attempt), job, attempt).text
            assert said.startswith("The worker gpu-a ")

    def test_a_time_limit_is_answered_with_a_longer_one(self) -> None:
        attempt = begin(timeout_seconds=3600)
        factories.finish(attempt, exit_code=1)
        Job.objects.update(reason=Reason.TIME_LIMIT)
        assert "--timeout 2h" in failure(attempt).advice.command

    def test_what_ended_well_or_was_cancelled_did_not_fail(self) -> None:
        attempt = begin()
        job = Job.objects.get(pk=attempt.job_id)
        assert reason.failure(run_of(attempt), job, attempt, 1) is None
        factories.finish(attempt, exit_code=0)
        job.refresh_from_db()
        assert reason.failure(run_of(attempt), job, attempt, 1) is None

    def test_a_direct_run_is_told_how_to_go_on(self) -> None:
        run = Run(key="local-20300101-120000-00000a", kind=RunKind.DIRECT, status="failed")
        found = reason.failure(run, None, None, 0)
        assert found is not None
        assert run.key in found.advice.command

    @pytest.mark.parametrize("text", ["", "x" * 10_000, "Error", ":", "a b: c", "ä: x", "\x00"])
    def test_any_last_line_is_read(self, text: str) -> None:
        assert len(reason.error_of(text)) <= len(text)


class TestAttempts:
    def test_bars_share_one_scale_and_stay_within_it(self) -> None:
        worker = factories.make_worker("node1", gpus=4)
        first = begin(worker, retries=2)
        factories.finish(first, exit_code=1, now=factories.NOON + timedelta(minutes=10))
        Job.objects.update(not_before=None)
        second = factories.claim(worker, now=factories.NOON + timedelta(minutes=20))
        job = Job.objects.get(pk=first.job_id)
        tried = list(job.attempts.order_by("number"))
        drawn = attempts.bars(job, tried, now=second.started_at + timedelta(minutes=20))
        assert [round(each.waited) for each in drawn] == [0, 600]
        assert [each.tone for each in drawn] == ["bad", "live"]
        for bar in drawn:
            assert 0 <= bar.wait_x <= bar.wait_x + bar.wait_width <= attempts.WIDE
            assert 0 <= bar.run_x <= bar.run_x + bar.run_width <= attempts.WIDE + 0.1
        assert drawn[1].run_x == pytest.approx(500)

    def test_clocks_that_disagree_draw_nothing_outside(self) -> None:
        attempt = begin()
        job = Job.objects.get(pk=attempt.job_id)
        attempt.started_at = job.created_at - timedelta(days=1)
        for bar in attempts.bars(job, [attempt], now=job.created_at - timedelta(days=2)):
            assert min(bar.wait_x, bar.wait_width, bar.run_x, bar.run_width) >= 0


class TestHints:
    def test_the_first_nan_is_named(self) -> None:
        attempt = begin()
        log(attempt, loss=[1.0, 2.0, NAN], acc=[1.0, NAN], fine=[1.0])
        found = hints.first_nan(list(run_of(attempt).series.all()))
        assert found == hints.FirstNaN("acc", 1, 1)

    def test_a_silent_worker_and_missing_points_are_told(self) -> None:
        attempt = begin()
        log(attempt, loss=[1.0])
        run = run_of(attempt)
        series = list(run.series.all())
        soon = attempt.started_at + timedelta(seconds=5)
        assert hints.stale(run, attempt, series, now=soon) is None
        Worker.objects.update(heartbeat_at=soon + timedelta(minutes=9))
        attempt = Attempt.objects.select_related("worker").get(pk=attempt.pk)
        quiet = hints.stale(run, attempt, series, now=soon + timedelta(minutes=10))
        assert quiet is not None
        assert quiet.worker == ""
        gone = hints.stale(run, attempt, series, now=soon + timedelta(hours=1))
        assert gone is not None
        assert gone.worker == "node1"
        run.status = RunStatus.COMPLETED
        assert hints.stale(run, attempt, series, now=soon + timedelta(hours=1)) is None


class TestNeighbours:
    def test_runs_of_the_same_name_or_array_stand_beside_each_other(self) -> None:
        for name in ("a", "b", "a", "a"):
            factories.make_job(name=name)
        first, _, middle, last = Run.objects.order_by("pk")
        found = neighbours.neighbours(middle, Job.objects.get(run=middle))
        assert (found.before, found.after) == (first, last)
        last.trashed_at = timezone.now()
        last.save()
        assert neighbours.neighbours(middle, Job.objects.get(run=middle)).after is None


class TestSummary:
    def test_a_page_holds_as_many_numbers_as_it_can_and_finds_all_others(
        self, browser: Client
    ) -> None:
        attempt = begin()
        log(attempt, loss=[1.0])
        run = run_of(attempt)
        run.summary = {f"best/{n}": n for n in range(2_000)}
        run.save()
        page = browser.get(f"/runs/{run.key}/side").content.decode()
        assert page.count("<tr>") == summary.MOST
        assert "1 501 more" in page.replace("\N{NARROW NO-BREAK SPACE}", " ").replace(",", " ")
        found = browser.get(f"/runs/{run.key}/side", {"find": "BEST 1999"}).content.decode()
        assert found.count("<tr>") == 1
        assert "more:" not in found
        assert "loss" in browser.get(f"/runs/{run.key}/side", {"find": "loss"}).content.decode()

    def test_a_part_works_out_nothing_but_itself(
        self, browser: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        run = run_of(begin())
        monkeypatch.setattr("dashboard.rendering.trees.tree", None)
        assert browser.get(f"/runs/{run.key}/side").status_code == 200


class TestPages:
    def test_a_cancelled_run_says_who_did_it(self, browser: Client) -> None:
        job = factories.make_job()
        cancelling.cancel(job.pk, actor="bob", now=factories.NOON)
        page = browser.get(f"/runs/job-{job.pk}/head").content.decode()
        assert "<span>cancelled by <b>bob</b> <b><time" in page

    def test_the_config_is_copied_as_json_and_as_yaml(self, browser: Client) -> None:
        run = run_of(begin(config={"opt": {"lr": 0.1}, "s": "é: x"}))
        told = browser.get(f"/runs/{run.key}/config.json")
        assert told["Content-Type"].startswith("text/plain")
        assert json.loads(told.content) == {"opt": {"lr": 0.1}, "s": "é: x"}
        told = browser.get(f"/runs/{run.key}/config.yaml")
        assert yaml.safe_load(told.content) == {"opt": {"lr": 0.1}, "s": "é: x"}
        assert "s: 'é: x'\n" in told.content.decode()
        assert browser.get(f"/runs/{run.key}/config.exe").status_code == 404

    def test_notes_are_previewed_by_those_who_may_write_some(self, browser: Client) -> None:
        run = run_of(begin())
        path = f"/runs/{run.key}/notes/preview"
        page = browser.post(path, {"notes": "**b** <script>x</script>"}).content.decode()
        assert "<strong>b</strong>" in page
        assert "<script>" not in page
        assert browser.post(path, {"notes": "x" * 65_537}).status_code == 409
        assert browser.get(path).status_code == 405
        assert browser.post("/runs/job-999/notes/preview", {"notes": "x"}).status_code == 404

    def test_tags_of_others_are_offered_the_most_used_first(self, browser: Client) -> None:
        for tags in (["base", "x"], ["Base2"], ["base"]):
            factories.make_job(tags=tags)
        key = Run.objects.all()[0].key
        told = browser.get(f"/runs/{key}/tags.json", {"find": "BASE"}).json()
        assert told == {"tags": ["base", "Base2"]}

    def test_no_event_is_left_out_unsaid(self) -> None:
        attempt = begin()
        job = Job.objects.get(pk=attempt.job_id)
        JobEvent.objects.bulk_create(
            JobEvent(job=job, attempt=1, kind=f"k{n}", at=factories.NOON) for n in range(SHOWN + 7)
        )
        short, whole = timeline(job), timeline(job, whole=True)
        assert len(short.events) == SHOWN
        assert short.earlier == len(whole.events) - SHOWN
        assert whole.earlier == 0

    @pytest.mark.parametrize("wish", ["", "log", "<script>", "charts&attempt=x", "x" * 5000])
    def test_any_tab_is_answered(self, wish: str, browser: Client) -> None:
        run = run_of(begin())
        answer = browser.get(f"/runs/{run.key}/", {"tab": wish})
        assert answer.status_code == 200
        assert "<script>alert" not in answer.content.decode()

    def test_a_run_without_numbers_opens_at_its_output(self, browser: Client) -> None:
        attempt = begin()
        say(attempt, b"hello\n")
        key = run_of(attempt).key
        assert 'data-tab="charts"' in browser.get(f"/runs/{key}/").content.decode()
        factories.finish(attempt, exit_code=0)
        assert 'data-tab="log"' in browser.get(f"/runs/{key}/").content.decode()
        assert Job.objects.get(pk=attempt.job_id).status == JobStatus.COMPLETED

    def test_notes_are_on_the_page_with_who_and_when(self, browser: Client) -> None:
        run = run_of(begin())
        bob = Principal("bob", frozenset({"submit"}))
        annotating.annotate(run.key, Change(notes="*hi* </template>"), by=bob, now=timezone.now())
        page = browser.get(f"/runs/{run.key}/").content.decode()
        assert "<em>hi</em>" in page
        assert "bob, <time" in page
        assert page.count("</template>") == 1
