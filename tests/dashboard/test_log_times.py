"""Times of lines as a page gets them."""

from datetime import timedelta

import pytest
from django.test import Client

from dashboard.logs.following import following
from runs import streams
from runs.logs import marks
from tests.dashboard.conftest import begin, run_of
from tests.jobs.factories import NOON

# About files: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


def test_times_count_from_the_start_of_the_attempt_and_pushes_tell_their_lines_apart(
    browser: Client,
) -> None:
    """What a page is pushed first may be the fifteen seconds before somebody looked."""
    run = run_of(begin())
    spread = marks.told("2-12000-13000_4-1000-2000_6-500-1000")
    when = NOON + timedelta(seconds=100)
    streams.append(run, 1, "output.log", offset=0, data=b"a\nb\nc\n", now=when, grown=spread)

    told = browser.get(f"/runs/{run.key}/log/lines?tail=500").json()
    whole = following(run, attempt=1, offset=0)
    end = following(run, attempt=1, offset=4)

    seconds = [each - NOON.timestamp() for each in told["times"]]
    assert (told["began"], seconds) == (NOON.timestamp(), [88.0, 98.0, 99.0])
    assert whole.times
    assert whole.times[:3] == told["times"]
    assert end.times is None
    assert end.time == pytest.approx(NOON.timestamp() + 99.25)
