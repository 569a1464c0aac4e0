"""What a board of charts asks the server: runs and metrics, curves of groups, every point as a file."""

import json
import math
from typing import Any

import numpy as np
import pytest
from django.test import Client
from numpy.testing import assert_allclose

from dashboard import figures
from dashboard.charting import bands, columns, groups, sections
from dashboard.charting.bands import Band, Member
from dashboard.charting.shown import newest
from runs.errors import Invalid
from runs.models import Run
from tests.runs.factories import line, log, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def own_data_dir(data_dir: object) -> None:
    """Streams are files."""


def a_run(values: list[float], *, first: int = 0, key: str = "loss", **told: Any) -> Run:
    run = make_run(**told)
    log(run, b"".join(line(step=first + at, **{key: value}) for at, value in enumerate(values)))
    return run


def post(browser: Client, address: str, body: Any) -> Any:
    return browser.post(address, json.dumps(body), content_type="application/json")


def member(x: list[float], value: list[float], *, exact: bool = True) -> Member:
    columns = [np.array(each, dtype="<f8") for each in (x, value, value, value)]
    return Member.of(*columns, exact=exact)


def decoded(data: bytes) -> list[dict[str, Any]]:
    """The binary form, as docs/series.md has a program read it."""
    begin = 12 + int.from_bytes(data[8:12], "little")
    header = json.loads(data[12:begin])
    for each in header["series"]:
        for name, (kind, offset, length) in each.pop("arrays").items():
            each[name] = np.frombuffer(data, np.dtype(kind), length, begin + offset).tolist()
    found: list[dict[str, Any]] = header["series"]
    return found


def test_a_board_names_runs_their_looks_and_metrics_in_sections(browser: Client) -> None:
    one, other = a_run([1, 2], config={"lr": 0.1}), a_run([3], key="acc", config={"lr": 0.2})
    told = post(
        browser,
        "/charts/board",
        {
            "runs": [one.key, [other.key, 1], "job-none"],
            "columns": ["config.lr", "metric.loss:max"],
        },
    ).json()
    assert [(each["run"], each["attempt"], each["values"]) for each in told["runs"]] == [
        (one.key, 1, {"config.lr": 0.1, "metric.loss:max": 2.0}),
        (other.key, 1, {"config.lr": 0.2, "metric.loss:max": None}),
    ]
    assert told["missing"] == ["job-none"]
    assert told["sections"] == [{"name": "", "keys": ["loss", "acc"], "open": True}]
    assert told["series"] == {"loss": 1, "acc": 1}
    assert told["style"] == json.loads(json.dumps(figures.style()))


def test_a_board_shows_the_attempt_that_is_asked_for(browser: Client) -> None:
    run = a_run([1])
    Run.objects.filter(pk=run.pk).update(attempt=2)

    def keys(attempt: int | None) -> Any:
        return post(browser, "/charts/board", {"runs": [[run.key, attempt]]}).json()["series"]

    assert (keys(1), keys(2), keys(None)) == ({"loss": 1}, {}, {})
    assert keys(0) == {}  # a page that was opened while it waited asks for its newest one


def test_a_board_counts_the_series_of_each_run(browser: Client) -> None:
    """So its page is told of the next one, whatever other runs have; of one that ended just now, too."""
    busy, fresh, over = a_run([1]), make_run(), a_run([1])
    log(busy, line(step=2, acc=0.5))
    Run.objects.filter(pk=over.pk).update(status="completed", finished_at=over.created_at)
    told = post(browser, "/charts/board", {"runs": [busy.key, fresh.key, over.key]}).json()
    assert [each["keys"] for each in told["runs"]] == [2, 0, 1]


@pytest.mark.parametrize(
    "body",
    [
        *([], "x", {"runs": "job-1"}, {"runs": [1]}, {"runs": [["job-1", -1]]}, {"runs": [["job-1", True]]}),
        {"runs": [["a", 1, 2]]},
        {"runs": [f"job-{n}" for n in range(501)]},
        {"runs": [], "columns": "config.lr"},
        {"runs": [], "columns": [f"config.{n}" for n in range(9)]},
        *({"runs": [text]} for text in ("\ud800", "a\0")),
    ],
)  # fmt: skip
def test_what_is_no_board_is_refused_in_words(browser: Client, body: Any) -> None:
    answer = post(browser, "/charts/board", body)
    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert answer.json()["detail"]


def test_bytes_that_are_no_json_are_refused_and_a_board_is_only_posted(browser: Client) -> None:
    for data in (b"", b"{", b"[" * 100_000, b"\xff"):
        answer = browser.post("/charts/board", data, content_type="application/json")
        assert answer.status_code == 400
    assert browser.get("/charts/board").status_code == 405
    assert Client().post("/charts/board").status_code in (401, 403)


def test_an_unknown_column_is_refused_where_a_run_would_have_it() -> None:
    shown = newest([a_run([1])])
    with pytest.raises(Invalid, match="key of config or summary"):
        columns.values(shown, ["colour"])
    assert columns.values(shown, ["state", "host", "tags", "summary.a.b"])[0]["summary.a.b"] is None


def test_a_bare_name_is_a_key_of_config_or_of_the_summary_or_a_metric() -> None:
    """As in the filter and in the table, where nobody writes `config.`."""
    run = a_run([1, 3], config={"lr": 0.1, "both": 1})
    Run.objects.filter(pk=run.pk).update(summary={"best": 2.0, "both": 2})
    shown = newest([Run.objects.get(pk=run.pk), a_run([1])])
    asked = ["lr", "both", "best", "loss", "loss:min"]
    first, second = columns.values(shown, asked)
    assert first == {"lr": 0.1, "both": 1, "best": 2.0, "loss": 3.0, "loss:min": 1.0}
    assert second == {"lr": None, "both": None, "best": None, "loss": 1.0, "loss:min": 1.0}


def test_machines_measures_come_last_and_closed() -> None:
    found = sections.sections(["system/cpu", *(f"train/{n}" for n in range(9)), "val/acc"])
    told = [(each.name, len(each.keys), each.is_open) for each in found]
    assert told == [("", 1, True), ("train", 9, True), ("system", 1, False)]


def test_members_that_ended_early_stop_to_count() -> None:
    curve = bands.band([member([0, 1, 2], [1, 2, 3]), member([0, 2, 4], [3, 4, 5])], width=10)
    assert curve.x.tolist() == [0, 1, 2, 4]
    assert curve.n.tolist() == [2, 2, 2, 1]
    assert curve.value.tolist() == [2, 2.75, 3.5, 5]
    assert math.isnan(curve.low[-1])


@pytest.mark.parametrize(
    ("kind", "factor"), [("std", 1.0), ("sem", 3**-0.5), ("ci", 4.303 * 3**-0.5)]
)
def test_bands_lie_round_the_mean(kind: str, factor: float) -> None:
    values = [1.0, 2.0, 6.0]
    curve = bands.band([member([0, 1], [each] * 2) for each in values], width=10, kind=kind)
    spread = float(np.std(values, ddof=1)) * factor
    assert_allclose(curve.low, 3 - spread, rtol=1e-12)
    assert_allclose(curve.high, 3 + spread, rtol=1e-12)


@pytest.mark.parametrize(("agg", "value"), [("mean", 3), ("median", 2), ("min", 1), ("max", 6)])
def test_the_line_of_a_group_is_its_middle_or_an_end(agg: str, value: float) -> None:
    curve = bands.band(
        [member([0], [each]) for each in (1, 2, 6)], width=10, agg=agg, kind="minmax"
    )
    assert (curve.value.tolist(), curve.low.tolist(), curve.high.tolist()) == ([value], [1], [6])


def test_many_points_are_put_on_a_common_x_of_the_width() -> None:
    rng = np.random.default_rng(1)
    some = [member(np.sort(rng.uniform(0, 9, 50)).tolist(), [2.0] * 50) for _ in range(4)]
    curve = bands.band(some, width=20)
    assert len(curve.x) == 20
    assert_allclose(curve.value, 2.0)


def test_a_range_changes_neither_the_mean_nor_how_many_count() -> None:
    """What is looked at is cut after members are put on one x: a sparse one counts between its points too."""
    wish: dict[str, Any] = {"keys": ["loss"], "band": "minmax"}
    wish["groups"] = [{"label": "a", "runs": [a_run([*range(9)]).key, _sparse(0, 8).key]}]
    (whole,) = decoded(groups.answer(groups.Wish.of(wish)))
    (part,) = decoded(groups.answer(groups.Wish.of(wish | {"from": 3, "to": 5})))
    for name in ("x", "value", "low", "high", "n"):
        assert part[name] == whole[name][3:6]
    (between,) = decoded(groups.answer(groups.Wish.of(wish | {"from": 3.25, "to": 3.5})))
    assert (between["x"], between["n"]) == ([3.25, 3.5], [2, 2])


def _sparse(*steps: int) -> Run:
    run = make_run()
    log(run, b"".join(line(step=step, loss=10.0 * step) for step in steps))
    return run


@pytest.mark.parametrize("exact", [True, False])
def test_no_spike_of_a_bucket_is_lost_from_the_least_to_the_greatest(exact: bool) -> None:
    x, flat = np.arange(1000.0), np.zeros(1000)
    spiked = flat.copy()
    spiked[503] = 99
    curve = bands.band([Member(x, flat, flat, spiked, exact)], width=50, kind="minmax")
    assert len(curve.x) == 50
    assert (curve.low.max(), curve.high.max()) == (0, 99)
    assert 1 <= (curve.high == 99).sum() <= 2, "at the places that the bucket reaches"
    wide = Member(np.array([0.0, 10]), flat[:2], flat[:2], np.array([0, 9.0]), False)
    assert (bands.band([wide], width=11, kind="minmax").high == 9).all()


def test_of_several_values_at_one_place_the_extremes_of_all_count() -> None:
    one = member([1, 1, 2], [5, 1, 2])
    assert (one.x.tolist(), one.value.tolist(), one.high.tolist()) == ([1, 2], [1, 2], [5, 2])


def test_many_members_have_fewer_places(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bands, "CELLS_AT_MOST", 100)
    some = [member([*range(at, at + 9)], [1.0] * 9) for at in range(10)]
    assert len(bands.band(some, width=1000).x) * len(some) <= 100


def test_no_member_no_number_and_one_point_make_no_noise() -> None:
    """Warnings are errors in tests: numpy must not be asked for the mean of nothing."""
    nothing = Member.of(*[np.array([1.0, 2.0]), *[np.full(2, np.nan)] * 3], exact=True)
    assert len(bands.band([nothing], width=10).x) == 0
    assert len(bands.band([], width=10).x) == 0
    apart = [member([0, 1], [1, 1], exact=False), member([8, 9], [2, 2], exact=False)]
    assert isinstance(bands.band(apart, width=10), Band)
    assert bands.band(apart, width=10).n.tolist() == [1] * 4
    one = bands.band([member([5], [7.0], exact=False)], width=10)
    assert (one.x.tolist(), one.value.tolist()) == ([5], [7])


def test_student_has_its_tabled_values() -> None:
    found = bands.student(np.array([1, 10, 30, 31, 60, 120, 10_000]))
    assert_allclose(found, [12.706, 2.228, 2.042, 2.0395, 2.0003, 1.9799, 1.9602], atol=1e-4)


def test_groups_are_answered_with_how_many_have_the_metric(browser: Client) -> None:
    first, second, without = a_run([1, 2]), a_run([3, 4]), a_run([1], key="acc")
    told = [{"label": "lr 0.1", "runs": [first.key, second.key, without.key, "job-none"]}]
    answer = post(browser, "/charts/groups", {"groups": told, "keys": ["loss"], "band": "minmax"})
    (curve,) = decoded(answer.content)
    assert (curve["group"], curve["key"], curve["runs"]) == ("lr 0.1", "loss", 2)
    assert (curve["x"], curve["value"], curve["n"]) == ([0, 1], [2, 3], [2, 2])
    assert (curve["low"], curve["high"]) == ([1, 2], [3, 4])


def test_a_group_of_ranks_counts_the_main_writer_and_a_range_is_cut() -> None:
    run = a_run([4, 5, 6])
    log(run, line(step=0, loss=100), name="metrics.r1.jsonl")
    wish = {"groups": [{"label": "a", "runs": [run.key]}], "keys": ["loss"], "from": 1, "to": 2}
    (curve,) = decoded(groups.answer(groups.Wish.of(wish)))
    assert (curve["runs"], curve["x"], curve["value"]) == (1, [1, 2], [5, 6])


GROUP = [{"label": "a", "runs": ["job-1"]}]


@pytest.mark.parametrize(
    "body",
    [
        *({}, {"groups": GROUP}, {"groups": [], "keys": ["a"]}, {"groups": ["a"], "keys": ["a"]}),
        {"groups": [{"label": 1, "runs": []}], "keys": ["a"]},
        {"groups": [{"label": "a", "runs": [1]}], "keys": ["a"]},
        {"groups": [{"label": "a", "runs": [f"job-{n}" for n in range(2001)]}], "keys": ["a"]},
        {"groups": GROUP, "keys": []},
        {"groups": GROUP, "keys": [1]},
        {"groups": GROUP, "keys": [f"k{n}" for n in range(25)]},
        *({"groups": GROUP, "keys": ["a"], "width": wrong} for wrong in (0, "9", True, 10**6)),
        *({"groups": GROUP, "keys": ["a"], name: "odd"} for name in ("x", "agg", "band", "from")),
        {"groups": GROUP, "keys": ["a"], "to": math.inf},
        {"groups": GROUP, "keys": ["a"], "from": 10**400},
        {"groups": [{"label": "\ud800", "runs": []}], "keys": ["a"]},
    ],
)
def test_what_is_no_group_is_refused_in_words(browser: Client, body: Any) -> None:
    answer = post(browser, "/charts/groups", body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
