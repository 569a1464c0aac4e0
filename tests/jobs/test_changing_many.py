"""Many jobs are changed a hundred at a time, and what happens to one of them meanwhile keeps none of the others."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs import cancelling, changing_many
from jobs.models import Job
from jobs.moving import Note
from runs import feed
from tests.jobs.factories import NOON, make_array, make_job

pytestmark = pytest.mark.django_db


def hold(numbers: list[int]) -> changing_many.Changed:
    return changing_many.hold_all(Job.objects.filter(pk__in=numbers), actor="ada", now=NOON)


def queries_of(count: int) -> int:
    numbers = [job.pk for job in make_array(f"1-{count}")]
    with CaptureQueriesContext(connection) as made:
        assert hold(numbers).done == numbers
    return len(made)


def test_a_hundred_jobs_cost_what_one_costs() -> None:
    assert queries_of(100) == queries_of(1)


def test_each_hundred_rings_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(feed, "ring", lambda *groups: rung.extend(groups))
    monkeypatch.setattr(changing_many, "AT_ONCE", 2)
    numbers = [job.pk for job in make_array("1-5")]
    rung.clear()

    hold(numbers)

    assert (rung.count(feed.QUEUE), rung.count(feed.WORK)) == (3, 3)
    assert len({group for group in rung if group.startswith("run.")}) == 5


def test_what_ends_or_is_deleted_meanwhile_keeps_none_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changing_many, "AT_ONCE", 1)
    first, purged, ended, held, last = [make_job(held=n == 3) for n in range(5)]

    def meanwhile(notes: list[Note], **told: object) -> None:
        Job.objects.filter(pk=purged.pk).delete()
        cancelling.cancel(ended.pk, actor="ada", now=NOON)

    monkeypatch.setattr(changing_many, "note_all", meanwhile)
    numbers = [job.pk for job in (first, purged, ended, held, last)]

    changed = hold(numbers)

    assert changed.done == [first.pk, last.pk]
    assert changed.words("held back") == (
        "2 jobs held back; 3 not changed: 1 already held, 1 deleted, 1 not waiting."
    )


def test_nothing_left_out_is_not_mentioned() -> None:
    assert hold([make_job().pk]).words("held back") == "1 job held back."
    assert hold([]).words("held back") == "0 jobs held back."
