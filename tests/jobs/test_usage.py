"""Numbers about use say what fair share does, and what cancelling and retrying would do is said before."""

from datetime import timedelta

import pytest
from pytest_django import Settings

from jobs import attempted, consequences, estimating, evidence, explaining, members, retrying, usage
from jobs.models import Job, Quota
from runs.errors import NotFound
from tests.jobs.factories import (
    NOON,
    after,
    claim,
    finish,
    make_array,
    make_job,
    make_worker,
    run_through,
    sync,
)

pytestmark = pytest.mark.django_db


class TestUse:
    def test_who_used_less_comes_first_and_has_the_larger_factor(self) -> None:
        worker = make_worker(gpus=2)
        for user, hours in (("ada", 3), ("bob", 1)):
            make_job(user=user)
            attempt = claim(worker)
            finish(attempt, now=NOON + timedelta(hours=hours))
        now = NOON + timedelta(hours=3)
        make_job(user="carol", now=now)
        Quota.objects.create(scope="user", name="", running_gpus=4)
        Quota.objects.create(scope="user", name="ada", running_jobs=1, queued_jobs=9)

        found = usage.uses(now=now)

        assert [each.user for each in found] == ["carol", "bob", "ada"]
        assert [each.jobs_waiting for each in found] == [1, 0, 0]
        assert found[0].factor == 1
        assert found[1].factor > found[2].factor
        assert [round(each.week / 3600, 1) for each in found] == [0.0, 1.0, 3.0]
        assert found[2].words.startswith("used 3 GPU-h in 7 days; 3 GPU-h count now, factor 0.")
        assert found[2].words.endswith("turn 3 of 3 inside a priority")
        assert [each.quota for each in found] == [
            *("4 GPUs running", "4 GPUs running"),
            "1 jobs running, 9 jobs queued",
        ]

    def test_what_runs_now_counts(self) -> None:
        make_job(user="ada", gpus=2)
        claim(make_worker(gpus=2))
        (ada,) = usage.uses(now=after(3600))
        assert (ada.jobs_running, ada.gpus_running, ada.week) == (1, 2, 7200)
        assert ada.words == "used 2 GPU-h in 7 days; 2.03 GPU-h count now, factor 0.5"

    def test_what_counts_is_said_with_the_settings_as_they_are(self, settings: Settings) -> None:
        settings.WHIRR_FAIR_SHARE_HALF_LIFE = timedelta(hours=12)
        told = usage.rule_words()
        assert "after 12 h, half of it" in told
        assert "A job without a GPU counts as 0.1 of one, and each that runs as 1 min more" in told

    def test_only_the_part_inside_the_week_counts(self) -> None:
        make_job(user="ada")
        attempt = claim(make_worker(gpus=1))
        finish(attempt, now=NOON + timedelta(hours=10))
        now = NOON + timedelta(days=7, hours=9)
        assert attempted.used_by_user(now - usage.WEEK, now) == {"ada": 3600}

    @pytest.mark.parametrize(
        ("used", "everybody", "users", "factor"),
        [(0, 0, 0, 1), (0, 10, 2, 1), (5, 10, 2, 0.5), (10, 10, 2, 0.25), (10, 10, 1, 0.5)],
    )
    def test_the_factor(self, used: float, everybody: float, users: int, factor: float) -> None:
        assert usage.factor(used, everybody, users) == factor


class TestSpans:
    def test_attempts_that_touch_the_time_are_found_and_no_others(self) -> None:
        worker = make_worker(gpus=1)
        for begin, end in ((0, 100), (200, 300), (400, 500)):
            make_job(name=f"from {begin}", now=after(begin))
            finish(claim(worker, now=after(begin)), now=after(end))
        make_job(name="runs", now=after(600))
        claim(worker, now=after(600))

        def names(since: float, until: float) -> list[str]:
            return [span.name for span in attempted.during(after(since), after(until)).spans]

        assert names(250, 450) == ["from 200", "from 400"]
        assert names(100, 200) == []
        assert names(550, 700) == ["runs"]
        found = attempted.during(after(250), after(700))
        assert found.gpu_seconds(after(250), after(700)) == 50 + 100 + 100


class TestEstimates:
    def test_a_page_of_the_queue_gets_its_starts_from_one_play(self) -> None:
        worker = make_worker(gpus=1)
        make_job()
        finish(claim(worker), now=after(600))
        running = make_job(now=after(600))
        claim(worker, now=after(600))
        waiting = [make_job(now=after(600)) for _ in range(3)]
        held = make_job(held=True, now=after(600))
        now = after(660)

        found = explaining.outlooks([*waiting, held], now=now)

        assert running.pk not in found
        starts = [start.planned.at for job in waiting if (start := found[job.pk].start)]
        assert starts == [after(1200), after(1800), after(2400)]
        assert found[held.pk].start is None
        one = explaining.explain(waiting[1].pk, now=now).estimate.at
        assert one == after(1800)

    def test_jobs_apart_are_told_their_own_place(self) -> None:
        make_worker(gpus=1)
        claimed = [make_job() for _ in range(5)]
        said = explaining.outlooks([claimed[1], claimed[4]], now=NOON, apart=True)
        assert "1 job is before it" in said[claimed[1].pk].summary.text
        assert "4 jobs are before it" in said[claimed[4].pk].summary.text

    def test_the_number_of_looks_is_bounded(self) -> None:
        make_worker(gpus=1)
        jobs = [make_job() for _ in range(3)]
        found = evidence.read(jobs, now=NOON)
        assert estimating.starts(jobs, found, most_looks=0) == {}


class TestConsequences:
    def test_cancelling(self) -> None:
        worker = make_worker(gpus=2)
        make_job(user="ada", grace_seconds=120)
        make_job(user="bob")
        sync(worker)
        make_job(user="ada")
        told = consequences.of_cancelling(Job.objects.all())
        assert told.count == 3
        assert told.words == (
            "stops 2 running jobs, up to 2 min after it is told; 1 waiting job never starts"
            " (jobs of 2 users)"
        )
        assert consequences.of_cancelling(Job.objects.none()).count == 0

    def test_retrying(self) -> None:
        make_array("0-2")
        run_through(make_worker(gpus=8), exit_code=1)
        told = consequences.of_retrying(Job.objects.all())
        assert told == consequences.Told(
            3, "queues 3 failed jobs again, as new ones; what they did before stays"
        )
        assert consequences.of_retrying(Job.objects.none()).count == 0


class TestMembers:
    def test_a_member_that_was_retried_counts_once_as_what_it_is_now(self) -> None:
        jobs = make_array("0-3")
        worker = make_worker(gpus=8)
        run_through(worker, exit_code=1)
        array = members.array(jobs[0].array_id or 0)
        retrying.retry(jobs[0].pk, actor="ada", now=NOON)

        standing = members.standings([array])[array.pk]

        assert standing.by_status == {"failed": 3, "queued": 1}
        assert (standing.total, standing.ended, standing.left) == (4, 3, 1)
        assert [(part.status, part.left, part.share) for part in standing.parts] == [
            *(("failed", 0.0, 75.0), ("queued", 75.0, 25.0)),
        ]
        assert [job.array_index for job in members.members(array.pk)] == [0, 1, 2, 3]
        assert members.failed(array.pk).count() == 3
        assert members.unfinished(array.pk).count() == 1

    @pytest.mark.parametrize("number", [0, 7, 2**63, 10**30])
    def test_an_array_that_is_none(self, number: int) -> None:
        with pytest.raises(NotFound):
            members.array(number)
