"""A waiting job goes above or below another, by priorities; the others keep the order in which they stand."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import placing, selectors
from jobs.changing import set_priority
from jobs.errors import IllegalMove, Invalid, NotFound
from jobs.models import Job, JobEvent
from jobs.placing import Spot
from tests.jobs.factories import NOON, cancel, make_job

queues = st.lists(st.integers(-2, 3), min_size=2, max_size=9)


def jobs_of(*priorities: int) -> list[int]:
    return [make_job(priority=each).pk for each in priorities]


def move(job: int, *, above: int = 0, below: int = 0) -> str:
    moved = placing.move(job, beside=above or below, below=bool(below), actor="ada", now=NOON)
    return moved.words


def shown() -> list[int]:
    return [job.pk for job in selectors.queue()]


@given(queues, st.data())
def test_any_move_gives_the_order_that_was_asked_for(priorities: list[int], data: Any) -> None:
    """As a list would be rearranged; nobody else falls, and whom it passes it passes in priority."""
    spots = sorted(
        (Spot(pk, each) for pk, each in enumerate(priorities)), key=lambda spot: spot.order
    )
    job = data.draw(st.sampled_from(spots))
    rest = [spot for spot in spots if spot is not job]
    place = data.draw(st.integers(0, len(rest)))
    was = spots.index(job)
    if place == was:
        return
    under = rest[place] if place < len(rest) else None

    found = placing.plan(job, reversed(rest[:place]), under, up=place < was)

    after = {spot.pk: Spot(spot.pk, found.get(spot.pk, spot.priority)) for spot in spots}
    wanted = [*rest[:place], job, *rest[place:]]
    assert sorted(after.values(), key=lambda spot: spot.order) == [
        after[spot.pk] for spot in wanted
    ]
    assert all(after[spot.pk].priority >= spot.priority for spot in rest)
    assert all(after[spot.pk] == spot for spot in rest[place:])
    mine = after[job.pk].priority
    assert all(mine > after[spot.pk].priority for spot in rest[place:was])
    assert all(mine < after[spot.pk].priority for spot in rest[was:place])


@pytest.mark.django_db
class TestMoving:
    def test_up_raises_those_above_that_stay_there(self) -> None:
        a, b, c, d = jobs_of(0, 0, 0, 0)
        told = move(d, above=b)
        assert shown() == [a, d, b, c]
        assert (
            told
            == f"Job {d} is at place 2 of 4, with priority 1; 1 job above it got a higher priority."
        )

    def test_down_raises_those_that_it_lets_pass(self) -> None:
        a, b, c, d = jobs_of(0, 0, 0, 0)
        move(a, below=c)
        assert shown() == [b, c, a, d]

    def test_where_there_is_room_between_it_alone_is_changed(self) -> None:
        a, b, c = jobs_of(9, 0, 0)
        assert move(c, below=a) == f"Job {c} is at place 2 of 3, with priority 1."
        assert shown() == [a, c, b]

    def test_last_of_all_it_goes_below(self) -> None:
        a, b = jobs_of(0, 0)
        assert move(a, below=b) == f"Job {a} is at place 2 of 2, with priority -1."

    def test_where_it_stands_nothing_changes(self) -> None:
        a, b, c = jobs_of(0, 0, 0)
        events = JobEvent.objects.count()
        for told in (move(b, below=a), move(b, above=c)):
            assert told == f"Job {b} is at place 2 of 3, with priority 0."
        assert JobEvent.objects.count() == events

    def test_each_change_is_in_the_trail(self) -> None:
        a, b, c = jobs_of(0, 0, 0)
        move(c, above=b)
        told = JobEvent.objects.filter(kind="priority").values_list("job", "message", "actor")
        assert sorted(told) == [(a, "priority 1", "ada"), (c, "priority 1", "ada")]


@pytest.mark.django_db
class TestRefusals:
    def test_more_than_a_hundred_are_not_raised_for_one(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(placing, "AT_ONCE", 2)
        a, b, c, d, e = jobs_of(0, 0, 0, 0, 0)
        move(d, above=c)
        set_priority(d, 0, actor="ada", now=NOON)
        for job in (a, b):
            set_priority(job, 0, actor="ada", now=NOON)
        with pytest.raises(Invalid, match="more than 2 jobs above that place"):
            move(e, above=d)
        assert shown() == [a, b, c, d, e]

    def test_a_priority_has_an_end(self) -> None:
        a, b = jobs_of(1_000_000, 1_000_000)
        with pytest.raises(Invalid, match="beyond 1000000"):
            move(b, above=a)

    def test_a_job_that_does_not_wait_has_no_place(self) -> None:
        a, b = jobs_of(0, 0)
        cancel(Job.objects.get(pk=a))
        for job, beside in ((a, b), (b, a)):
            with pytest.raises(IllegalMove, match="cancelled"):
                move(job, above=beside)

    def test_itself_and_nobody_are_no_places(self) -> None:
        (a,) = jobs_of(0)
        with pytest.raises(Invalid, match="beside itself"):
            move(a, above=a)
        with pytest.raises(NotFound):
            move(a, above=a + 1)

    def test_what_changed_since_it_was_read_changes_nothing(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        a, b = jobs_of(0, 0)
        locked = placing._locked

        def late(numbers: set[int]) -> dict[int, Job]:
            set_priority(a, 5, actor="bob", now=NOON)
            return locked(numbers)

        monkeypatch.setattr(placing, "_locked", late)
        with pytest.raises(IllegalMove, match="try again"):
            move(b, above=a)
        assert Job.objects.get(pk=b).priority == 0
