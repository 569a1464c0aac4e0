"""A sweep of many members costs no more than one of few: the database counts, sorts and pages."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models.sql.compiler import SQLCompiler
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dashboard.night import arrays, sweep
from jobs import changing, consequences
from jobs.models import Array, Job
from tests.dashboard.conftest import NAN, log_series
from tests.jobs.factories import claim, finish, make_array, make_worker

pytestmark = pytest.mark.django_db


def page(browser: Client, number: int | None, query: str = "") -> str:
    answer = browser.get(f"/arrays/{number}/?{query}")
    assert answer.status_code == 200
    return answer.content.decode()


class TestWhatItCosts:
    @pytest.fixture
    def fetched(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        """How many rows each query of the ORM brought here."""
        counts: list[int] = []
        results = SQLCompiler.results_iter

        def counted(self: SQLCompiler, *args: Any, **options: Any) -> Iterator[Any]:
            at = len(counts)
            counts.append(0)
            for row in results(self, *args, **options):
                counts[at] += 1
                yield row

        monkeypatch.setattr(SQLCompiler, "results_iter", counted)
        return counts

    @pytest.mark.parametrize("sort", arrays.SORTS)
    def test_four_times_the_members_are_as_many_queries_and_rows(
        self,
        sort: str,
        browser: Client,
        fetched: list[int],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        for module, name in ((arrays, "MEMBERS_SHOWN"), (arrays, "COMPARED"), (sweep, "SAMPLED")):
            monkeypatch.setattr(module, name, 10)
        found = []
        for spec in ("0-19", "0-79"):
            number = make_array(spec)[0].array_id
            page(browser, number, f"sort={sort}")
            fetched.clear()
            with CaptureQueriesContext(connection) as asked:
                page(browser, number, f"sort={sort}&page=2&metric=loss")
            found.append((len(asked), sorted(fetched)))
        assert found[0] == found[1]
        assert max(found[0][1]) <= 21  # a page, the best one, and some from all over

    def test_what_cancelling_does_is_counted_there_too(self, fetched: list[int]) -> None:
        make_array("0-19")
        fetched.clear()
        told = consequences.of_cancelling(Job.objects.all())
        assert (told.count, told.words) == (20, "20 waiting jobs never start")
        assert sum(fetched) <= 1


class TestOrder:
    @pytest.fixture
    def number(self) -> int:
        """Losses 0.6, none, NaN, 0.2, 0.4 of members that took 50, 10, 20, 40, 30 s; the sixth waits."""
        now = timezone.now()
        jobs = make_array("0-5", name="sweep", now=now)
        worker = make_worker("gpu-a", gpus=1, now=now)
        told = ((50, 0.6), (10, None), (20, NAN), (40, 0.2), (30, 0.4))
        for place, (seconds, loss) in enumerate(told):
            attempt = claim(worker, now=now)
            series: dict[str, Sequence[float]] = {"lr": [0.1]}
            log_series(attempt, series if loss is None else series | {"loss": [loss]})
            finish(attempt, exit_code=int(place == 3), now=now + timedelta(seconds=seconds))
        return jobs[0].array_id or 0

    @pytest.mark.parametrize(
        ("query", "places"),
        [
            ("sort=index", [0, 1, 2, 3, 4, 5]),
            ("sort=value", [3, 4, 0, 1, 2, 5]),
            ("sort=value&goal=max", [0, 4, 3, 1, 2, 5]),
            ("sort=state", [0, 1, 2, 4, 3, 5]),
            ("sort=duration", [0, 3, 4, 2, 1, 5]),
        ],
    )
    def test_what_has_none_of_it_stands_last(
        self, query: str, places: list[int], number: int
    ) -> None:
        asked = arrays.wish(dict(part.split("=") for part in query.split("&")))
        shown = arrays.array_page(number, asked, now=timezone.now())
        assert [row.job.array_index for row in shown.rows] == places

    def test_the_best_is_found_on_whatever_page_it_stands(
        self, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(arrays, "MEMBERS_SHOWN", 2)
        for asked in ({"page": "1"}, {"page": "3"}, {"page": "x"}, {"page": "999"}):
            best = arrays.array_page(number, arrays.wish(asked), now=timezone.now()).best
            assert best is not None
            assert (best.job.array_index, best.best) == (3, 0.2)

    def test_keys_that_differ_far_apart_are_columns(
        self, number: int, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(arrays, "MEMBERS_SHOWN", 1)
        monkeypatch.setattr(sweep, "SAMPLED", 3)
        for job in Job.objects.filter(array=number).select_related("run"):
            job.run.config = {"fold": (job.array_index or 0) // 4, "array_index": job.array_index}
            job.run.save(update_fields=["config"])
        shown = arrays.array_page(number, arrays.wish({}), now=timezone.now())
        assert (shown.columns, shown.is_part) == (["fold"], True)

    def test_a_range_that_nobody_can_read_costs_no_page(self, number: int) -> None:
        Array.objects.filter(pk=number).update(spec="made by hand")
        assert len(arrays.array_page(number, arrays.wish({}), now=timezone.now()).rows) == 6

    def test_a_metric_that_is_not_offered_stands_in_the_choice(
        self, number: int, browser: Client
    ) -> None:
        assert "<option selected>x&lt;y</option>" in page(browser, number, "metric=x%3Cy")


class TestHeld:
    def test_it_is_seen_and_by_whom(self, browser: Client) -> None:
        first, _ = make_array("0-1", now=timezone.now())
        changing.hold(first.pk, actor="grace", now=timezone.now())
        told = page(browser, first.array_id)
        assert told.count('data-state="held"') == 2  # in the sum and in its row
        assert "by grace, until it is released" in told
        assert "none runs at the moment: " in told
        assert "held back by grace" not in told  # the other one waits for something else

    def test_where_all_are_held_that_is_why_none_runs(self, browser: Client) -> None:
        jobs = make_array("0-1", now=timezone.now(), held=True)
        assert "none runs at the moment: held back by ada" in page(browser, jobs[0].array_id)

    def test_one_that_was_cancelled_is_held_no_more(self, browser: Client) -> None:
        number = make_array("0-1", held=True)[0].array_id
        browser.post(f"/arrays/{number}/cancel")
        assert 'data-state="held"' not in page(browser, number)
