"""What a page that draws charts is told of points: those that are new, in order, or that all must be read anew."""

import pytest

from dashboard import watching
from dashboard.watching import Cursors, news
from runs.models import Run
from tests.jobs.factories import NOON
from tests.runs.factories import line, log, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: object) -> None:
    """Streams are files."""


def ranks(*values: float) -> Run:
    """A run to which a main writer and as many ranks as there are further values logged a loss."""
    run = make_run()
    for rank, value in enumerate(values):
        name = f"metrics.r{rank}.jsonl" if rank else "metrics.jsonl"
        log(run, line(step=0, loss=value) + line(step=1, loss=value / 2), name=name)
    return run


def test_where_steps_went_back_the_page_draws_anew_instead_of_appending() -> None:
    run = make_run()
    log(run, line(step=5, loss=1) + line(step=6, loss=2))
    messages, seen = news(run.key, Cursors(1, points={"loss": 0}, keys=1), now=NOON)
    assert messages[0]["series"]["loss"]["step"] == [5, 6]
    log(run, line(step=3, loss=3))
    messages, seen = news(run.key, seen, now=NOON)
    assert messages[0] == {"type": "behind", "keys": ["loss"]}
    assert seen.points == {"loss": 3}


def test_points_are_read_from_each_series_own_place_on() -> None:
    run = ranks(4, 3)
    cursors = {each: 1 if each.writer else 0 for each in run.series.all()}
    found = {each.writer: part for each, part in watching.points_after(cursors).items()}
    assert (found[""].values.tolist(), found["r1"].values.tolist()) == ([4, 2], [1.5])
