"""Which settings mattered, and the figures of many runs: trend, Pareto front, axes."""

import json
import math
from typing import Any

import numpy as np
import pytest
from django.test import Client
from scipy.stats import spearmanr  # type: ignore[import-untyped]
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.inspection import permutation_importance

from dashboard import figures_compare
from dashboard.comparing import forest, importance
from dashboard.comparing.columns import Column
from dashboard.comparing.directions import Directions
from dashboard.figures_compare import Dot, Wish
from runs.models import Run, RunStatus, Series
from tests.runs.factories import NOON, make_direct_run

RANDOM = np.random.default_rng(3)


def dots(count: int) -> list[Dot]:
    return [Dot(f"job-{n}", f"<b>{n}</b>", n % 8) for n in range(count)]


class TestForest:
    x = RANDOM.uniform(size=(160, 4))
    y = 3 * x[:, 0] + np.sin(6 * x[:, 1]) + RANDOM.normal(0, 0.05, 160)

    def test_it_ranks_settings_as_scikit_learn_does(self) -> None:
        found = forest.importance(self.x, self.y)
        trees = ExtraTreesRegressor(200, random_state=0).fit(self.x[:120], self.y[:120])
        theirs = permutation_importance(trees, self.x[120:], self.y[120:], random_state=0)
        assert (
            np.argsort(found.drops)[2:].tolist() == np.argsort(theirs.importances_mean)[2:].tolist()
        )
        assert found.drops[2:] == pytest.approx([0, 0], abs=0.05)
        assert found.drops[:2] == pytest.approx(theirs.importances_mean[:2], rel=0.35)
        assert found.score > 0.8

    def test_noise_is_not_explained(self) -> None:
        found = forest.importance(self.x, RANDOM.normal(size=160))
        assert found.score < 0.2
        assert found.drops.max() < 0.3

    def test_it_stops_in_time_and_says_how_far_it_came(self) -> None:
        assert forest.importance(self.x, self.y, seconds=0).trees == 1

    def test_the_same_question_has_the_same_answer(self) -> None:
        first, second = (forest.importance(self.x, self.y, trees=5) for _ in range(2))
        assert first.drops.tolist() == second.drops.tolist()

    @pytest.mark.parametrize("shape", [(0, 0), (5, 0), (1, 1)])
    def test_nothing_to_learn_from_is_no_error(self, shape: tuple[int, int]) -> None:
        assert forest.importance(np.zeros(shape), np.arange(shape[0], dtype=float)).trees == 0


def test_rank_correlation_is_scipys() -> None:
    a = RANDOM.integers(0, 9, 60).astype(float)
    b = a + RANDOM.normal(0, 3, 60)
    assert importance.spearman(a, b) == pytest.approx(spearmanr(a, b).statistic)
    b[5] = math.nan
    known = np.isfinite(b)
    assert importance.spearman(a, b) == pytest.approx(spearmanr(a[known], b[known]).statistic)
    assert importance.spearman(np.ones(9), np.arange(9.0)) is None


@pytest.mark.django_db
class TestWhichSettingsMattered:
    def runs(self, count: int, **more: Any) -> list[Run]:
        made = []
        for n in range(count):
            run = make_direct_run(n)
            run.config = {"lr": n % 5, "flag": n % 2 == 0, "same": 1, "note": f"n{n}"} | more
            run.status, run.finished_at = RunStatus.COMPLETED, NOON
            run.save()
            made.append(run)
        value = [{"last": float(n % 5), "minimum": 0, "maximum": 5} for n in range(count)]
        Series.objects.bulk_create(
            Series(run=run, attempt=1, key="loss", count=1, **told)
            for run, told in zip(made, value, strict=True)
        )
        return made

    def told(self, runs: list[Run], target: str = "metric.loss:last") -> importance.Told:
        return importance.of_settings(runs, target, Directions())

    def test_fewer_than_twenty_finished_runs_are_refused(self) -> None:
        runs = self.runs(20)
        Run.objects.filter(pk=runs[0].pk).update(status=RunStatus.RUNNING, finished_at=None)
        fresh = list(Run.objects.all())
        assert (
            "20 finished runs with this metric are needed, and there are 19"
            in self.told(fresh).refused
        )

    def test_what_decides_stands_first_and_what_was_left_out_is_said(self) -> None:
        told = self.told(self.runs(40))
        assert (told.refused, told.runs) == ("", 40)
        assert [each.label for each in told.settings] == ["lr", "flag"]
        assert told.settings[0].correlation == pytest.approx(1)
        assert any(warning.startswith("note: not looked at") for warning in told.warnings)
        assert any("runs are few" in warning for warning in told.warnings)

    def test_the_second_time_costs_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        runs = self.runs(25)
        first = self.told(runs)
        monkeypatch.setattr(forest, "importance", None)
        assert self.told(runs) == first

    def test_the_page_says_why_there_is_none(self, browser: Client) -> None:
        keys = ",".join(run.key for run in self.runs(3))
        page = browser.get("/compare/importance", {"runs": keys, "target": "metric.loss:last"})
        assert "20 finished runs with this metric are needed" in page.content.decode()
        wrong = browser.get("/compare/importance", {"runs": keys, "target": "loss"})
        assert wrong.status_code == 400


class TestScatter:
    def test_runs_without_a_place_are_counted(self) -> None:
        x = Column("config.lr", [1.0, 0.0, None, 10.0, "much"])
        y = Column("metric.loss:last", [1.0, 2.0, 3.0, math.inf, 5.0])
        flat = figures_compare.scatter(dots(5), x, y, None, Wish())
        log = figures_compare.scatter(dots(5), x, y, None, Wish(log_x=True))
        assert [flat["meta"][key] for key in ("shown", "left_out")] == [2, 3]
        assert log["data"][0]["customdata"] == ["job-0"]

    def test_names_are_no_tags_of_plotlys(self) -> None:
        x = Column("config.<b>", [1.0])
        figure = figures_compare.scatter(dots(1), x, x, None, Wish())
        assert figure["data"][0]["text"] == ["&lt;b&gt;0&lt;/b&gt;"]
        assert figure["layout"]["xaxis"]["title"]["text"] == "&lt;b&gt;"

    def test_the_trend_is_the_least_squares_line(self) -> None:
        x = RANDOM.uniform(1, 100, 30)
        y = 2 * x + 1
        found = figures_compare.trend(x, y)
        assert found is not None
        assert found.explained == pytest.approx(1)
        assert found.y == pytest.approx([2 * each + 1 for each in found.x])
        power = figures_compare.trend(x, x**3, log_x=True, log_y=True)
        assert power is not None
        assert power.y == pytest.approx([each**3 for each in power.x])

    @pytest.mark.parametrize("largest", [1e200, 1.7e308, 5e-324])
    @pytest.mark.parametrize("log", [False, True])
    def test_numbers_at_the_edge_of_what_there_is_stay_json(
        self, largest: float, *, log: bool
    ) -> None:
        x = Column("config.lr", [1.0, 2.0, 1e308, 4.0])
        y = Column("metric.loss:last", [largest, 1.0, 2.0, 3.0])
        wish = Wish(log_x=log, log_y=log, better=("min", "min"))
        for across, up in ((x, y), (y, x)):
            figure = figures_compare.scatter(dots(4), across, up, None, wish)
            json.dumps(figure, allow_nan=False)
            assert figure["meta"]["shown"] == 4

    def test_no_trend_goes_through_one_x(self) -> None:
        assert figures_compare.trend(np.ones(5), np.arange(5.0)) is None
        assert figures_compare.trend(np.arange(2.0), np.arange(2.0)) is None

    @pytest.mark.parametrize(
        "better", [("min", "min"), ("min", "max"), ("max", "min"), ("max", "max")]
    )
    def test_the_front_holds_what_nothing_beats(self, better: Any) -> None:
        x, y = RANDOM.integers(0, 20, 80).astype(float), RANDOM.integers(0, 20, 80).astype(float)
        signs = [1 if way == "min" else -1 for way in better]
        points = list(zip(signs[0] * x, signs[1] * y, strict=True))

        def is_beaten(mine: Any) -> bool:
            return any(a <= mine[0] and b <= mine[1] and (a, b) != mine for a, b in points)

        expected = {at for at, point in enumerate(points) if not is_beaten(point)}
        assert set(figures_compare.pareto(x, y, better)) == expected

    def test_a_front_needs_both_directions(self) -> None:
        x = Column("config.lr", [1.0, 2.0])
        figure = figures_compare.scatter(dots(2), x, x, None, Wish(better=("min", "")))
        assert figure["meta"]["front"] == []


def test_axes_are_of_numbers_or_of_words() -> None:
    told = figures_compare.parallel(
        dots(3),
        [
            Column("config.lr", [0.1, 0.01, None]),
            Column("config.opt", ["b", "a", 3.0]),
            Column("metric.loss:min", [math.nan, 1.0, 1.0]),
        ],
        Column("metric.acc:last", [-1.0, 0.0, 1.0]),
    )
    lr, opt, loss = told["axes"]
    assert (lr["kind"], lr["low"], lr["high"], lr["can_log"]) == ("number", 0.01, 0.1, True)
    assert (opt["kind"], opt["words"]) == ("word", ["3", "a", "b"])
    assert told["lines"][2]["values"][1] == "3"  # as its word is written
    assert (loss["label"], loss["constant"]) == ("loss min", True)
    assert told["lines"][0]["values"] == [0.1, "b", None]
    assert (told["colour"]["can_log"], told["colour"]["values"]) == (False, [-1.0, 0.0, 1.0])
