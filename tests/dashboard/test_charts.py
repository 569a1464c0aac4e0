"""Charts of runs with several writers, and of runs whose steps went back."""

import pytest

from dashboard import charts, watching
from dashboard.charts import Shown
from dashboard.figures import Figure
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


def drawn(*runs: Run) -> Figure:
    (figure,) = charts.draw([Shown(run, 1) for run in runs], ["loss"], axis="step")
    return figure


def test_each_writer_has_a_line_of_its_own_and_the_main_ones_comes_first() -> None:
    figure = drawn(ranks(4, 3, 2))
    assert [(each["meta"]["writer"], each["y"]) for each in figure["data"]] == [
        ("", [4, 2]),
        ("r1", [3, 1.5]),
        ("r2", [2, 1]),
    ]
    main, first, _ = (each["name"] for each in figure["data"])
    assert first == f"{main} · r1"
    assert len({each["line"]["color"] for each in figure["data"]}) == 3


def test_beside_other_runs_a_runs_writers_share_its_colour() -> None:
    figure = drawn(ranks(4, 3), ranks(5, 6))
    looks = [(each["line"]["color"], each["line"]["dash"]) for each in figure["data"]]
    assert looks[0][0] == looks[1][0] != looks[2][0] == looks[3][0]
    assert [dash for _, dash in looks] == ["solid", "dash"] * 2


def test_a_chart_says_how_many_writers_it_does_not_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(charts, "WRITERS_DRAWN", 2)
    figure = drawn(ranks(1, 2, 3, 4))
    assert len(figure["data"]) == 2
    assert figure["layout"]["annotations"][0]["text"] == "2 more are not drawn"


def test_the_more_runs_a_chart_has_the_fewer_writers_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charts, "WRITERS_DRAWN", 4)
    figure = drawn(ranks(1, 2, 3), ranks(4, 5, 6))
    assert [each["meta"]["writer"] for each in figure["data"]] == ["", "r1"] * 2
    assert figure["layout"]["annotations"][0]["text"] == "2 more are not drawn"
    many = drawn(*(ranks(1, 2) for _ in range(5)))
    assert [each["meta"]["writer"] for each in many["data"]] == [""] * 5


def test_the_more_curves_an_answer_has_the_fewer_points_of_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(charts, "BUDGET", 400)
    run = make_run()
    for name in ("metrics.jsonl", "metrics.r1.jsonl"):
        log(run, b"".join(line(step=step, loss=step) for step in range(1000)), name=name)
    lengths = [len(each["x"]) for each in drawn(run)["data"]]
    assert lengths == [200] * 6
    monkeypatch.setattr(charts, "BUDGET", 1)
    assert {len(each["x"]) for each in drawn(run)["data"]} == {charts.NARROWEST}


def test_a_chart_marks_the_first_nan_of_a_long_series() -> None:
    run = make_run()
    values = [*range(700), float("nan"), *range(4000)]
    log(run, b"".join(line(step=step, loss=value) for step, value in enumerate(values)))
    marks = drawn(run)["data"][-1]
    assert (marks["meta"]["role"], marks["x"]) == ("odd", [700])


def test_a_resumed_run_shows_the_newer_values_in_the_order_of_steps() -> None:
    run = make_run()
    log(run, b"".join(line(step=step, loss=step) for step in range(10)))
    log(run, b"".join(line(step=step, loss=-step) for step in range(7, 12)))
    (trace,) = drawn(run)["data"]
    assert trace["x"] == [*range(12)]
    assert trace["y"] == [*range(7), -7, -8, -9, -10, -11]


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
