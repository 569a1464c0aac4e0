"""Searching runs: what a filter finds, in which order, in which pages, on both databases alike."""

from typing import Any

import pytest

from runs.models import Run
from tests.mlflow_api.asking import (
    INVALID,
    TIME,
    found,
    get,
    log,
    new_experiment,
    new_run,
    post,
    refused,
    values,
)
from tests.runs.factories import line, make_run
from tests.runs.factories import log as log_lines

pytestmark = pytest.mark.django_db

HOSTILE = [
    '"',
    "'",
    ")",
    "') OR 1=1 --",
    "--",
    "__",
    "a__b",
    "run__user__password",
    "pk",
    "%",
    "%s",
    "%(a)s",
    "%%",
    "{0}",
    "$.a",
    "$",
    "[0]",
    "0",
    "a.b",
    "\\",
    "\\'",
    ";",
    "a b",
    "é\u4e2d\U0001f600",
    "NULL",
    "key",
    "value",
    "x" * 250,
]


FILTERS = [
    ("", "abc"),
    ("metrics.loss < 0.2", "ab"),
    ("metrics.loss <= 0.1 and metrics.loss > 0", "b"),
    ("metrics.loss = 0", "a"),
    ("metrics.loss != 0", "bc"),
    ("metrics.none < 1", ""),
    ("metrics.rare = 1", ""),
    ("params.lr = '0.1'", "b"),
    ("params.lr != '0.1'", "ac"),
    ("params.lr LIKE '0._'", "abc"),
    ("params.lr IS NULL", ""),
    ("params.none IS NULL", "abc"),
    ("params.lr IS NOT NULL", "abc"),
    ("params.LR = '0.1'", ""),
    ("tags.Team = 'Blue_1'", "b"),
    ("tags.Team LIKE 'Blue%'", "abc"),
    ("tags.Team LIKE 'blue%'", ""),
    ("tags.Team LIKE '%\\_1'", ""),
    ("tags.Team LIKE '*'", ""),
    ("tags.Team LIKE '[B]lue_1'", ""),
    ("tags.Team LIKE 'B??e_1'", ""),
    ("tags.Team ILIKE 'blue%1'", "b"),
    ("tags.none IS NULL and tags.Team IS NOT NULL", "abc"),
    ("attributes.status = 'FINISHED'", "b"),
    ("status != 'FINISHED'", "ac"),
    ("status IN ('FINISHED', 'KILLED')", "b"),
    ("status = 'nothing'", ""),
    ("run_name = 'a'", "a"),
    ("attributes.`run name` ILIKE 'A'", "a"),
    ("run_name IN ('a', 'c')", "ac"),
    ("run_name NOT IN ('a', 'c')", "b"),
    (f"start_time >= {TIME}", "abc"),
    (f"end_time = {TIME + 1000}", "b"),
    (f"end_time != {TIME + 1000}", ""),
    (
        "metrics.loss < 0.15 and params.lr = '0.1' and tags.Team = 'Blue_1' and status = 'FINISHED'",
        "b",
    ),
]

ORDERS: list[tuple[list[str], str]] = [
    ([], "cba"),
    (["metrics.loss ASC"], "abc"),
    (["metrics.loss DESC"], "cba"),
    (["metrics.rare DESC", "run_name ASC"], "abc"),
    (["params.lr DESC"], "cba"),
    (["tags.Team"], "abc"),
    (["status ASC", "run_name DESC"], "bca"),
    (["attributes.end_time DESC", "run_name"], "bac"),
    (["attributes.start_time"], "cba"),
]


def runs(*names: str, experiment_id: str = "0") -> dict[str, str]:
    return {name: new_run(experiment_id, run_name=name) for name in names}


def named(*experiment_ids: str, **wish: Any) -> list[str]:
    told = post("runs/search", experiment_ids=list(experiment_ids or "0"), **wish)["runs"]
    return [each["info"]["run_name"] for each in told]


@pytest.fixture
def three() -> dict[str, str]:
    """Runs a, b and c, one after the other."""
    made = runs("a", "b", "c")
    for number, run_id in enumerate(made.values()):
        log(run_id, "loss", 9, number / 10)
        post("runs/log-parameter", run_id=run_id, key="lr", value=f"0.{number}")
        post("runs/set-tag", run_id=run_id, key="Team", value=f"Blue_{number}")
    post("runs/update", run_id=made["b"], status="FINISHED", end_time=TIME + 1000)
    log(made["c"], "rare", "NaN")
    return made


def test_a_filter_finds_what_it_says(three: dict[str, str]) -> None:
    """All over the same runs, which take longer to make than to search."""
    told = [(text, "".join(sorted(named(filter=text)))) for text, _ in FILTERS]
    assert told == FILTERS


def test_an_id_is_found(three: dict[str, str]) -> None:
    assert found("0", filter=f"run_id = '{three['b']}'") == [three["b"]]
    assert found("0", filter=f"attributes.run_id IN ('{three['b']}', 'x')") == [three["b"]]


def test_the_order_is_the_one_that_was_asked_for(three: dict[str, str]) -> None:
    told = [(order_by, "".join(named(order_by=order_by))) for order_by, _ in ORDERS]
    assert told == ORDERS


def test_what_was_begun_last_comes_first() -> None:
    for name, at in (("old", TIME), ("new", TIME + 10), ("middle", TIME + 5)):
        post("runs/create", experiment_id="0", run_name=name, start_time=at)
    assert named() == ["new", "middle", "old"]


def test_several_experiments_are_searched_together_and_no_others() -> None:
    one, two, three = (new_experiment(name) for name in ("one", "two", "three"))
    for experiment_id in (one, two, three):
        new_run(experiment_id, run_name=experiment_id)
    assert sorted(named(one, three)) == [one, three]
    assert found() == found("999", "x", "-1", "1" * 30) == []


def test_pages_hold_every_run_once() -> None:
    runs(*"abcdefg")
    told, token = [], ""
    while True:
        wish = {"page_token": token} if token else {}
        page = post("runs/search", experiment_ids=["0"], max_results=3, **wish)
        told += [each["info"]["run_name"] for each in page["runs"]]
        if not (token := page.get("next_page_token", "")):
            break
    assert "".join(told) == "gfedcba"


def test_a_page_is_bounded_whatever_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mlflow_api.api.run_calls.PAGE", 2)
    runs("a", "b", "c")
    page = post("runs/search", experiment_ids=["0"], max_results=50_000)
    assert len(page["runs"]) == 2
    assert page["next_page_token"]


class TestRunsOfWhirrsOwn:
    """Their config counts as parameters, a true as `True`."""

    @pytest.mark.parametrize(
        ("text", "number"),
        [
            ("params.lr = '0.25'", 1),
            ("params.on = 'True'", 1),
            ("params.off = 'False'", 1),
            ("params.name LIKE 'ad%'", 1),
            ("params.n != '3'", 0),
            ("params.none IS NULL", 1),
            ("params.nothing IS NULL", 1),
            ("params.lr IS NULL", 0),
            ("metrics.loss < 1", 1),
        ],
    )
    def test_they_are_found_by_what_they_hold(self, text: str, number: int) -> None:
        config = {"lr": 0.25, "on": True, "off": False, "name": "adam", "n": 3, "nothing": None}
        log_lines(make_run(config=config), line(loss=0.5))
        assert len(found("0", filter=text)) == number


@pytest.mark.parametrize("key", HOSTILE)
def test_a_hostile_key_is_a_key_like_any_other(key: str) -> None:
    mark = next(each for each in "`'\"" if each not in key)
    mine, _ = new_run(), new_run()
    log(mine, key, 7)
    post("runs/log-parameter", run_id=mine, key=key, value=key)
    post("runs/set-tag", run_id=mine, key=key, value=key)
    assert values(mine, "params") == values(mine, "tags") == {key: key}
    whirrs = make_run(config={key: key})
    value = next((f"{each}{key}{each}" for each in "'\"" if each not in key), "")
    name = f"{mark}{key}{mark}"
    assert found("0", filter=f"metrics.{name} = 7", order_by=[f"metrics.{name} DESC"]) == [mine]
    assert found("0", filter=f"tags.{name} = {value}", order_by=[f"tags.{name}"]) == [mine]
    both = found("0", filter=f"params.{name} = {value}", order_by=[f"params.{name}"])
    assert both == [mine, whirrs.key]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_value_finds_itself_alone(text: str) -> None:
    mark = "'" if "'" not in text else '"'
    mine, other = new_run(), new_run()
    post("runs/set-tag", run_id=mine, key="t", value=text)
    post("runs/set-tag", run_id=other, key="t", value="other")
    assert found("0", filter=f"tags.t = {mark}{text}{mark}") == [mine]
    assert Run.objects.count() == 2


@pytest.mark.parametrize(
    "wish",
    [
        {"filter": "metrics.a < 'x'"},
        {"filter": "metrics.a LIKE 'x'"},
        {"filter": "metrics.a IS NULL"},
        {"filter": "params.a < 'x'"},
        {"filter": "params.a = 1"},
        {"filter": "tags.a IN ('x')"},
        {"filter": "attributes.nothing = 'x'"},
        {"filter": "attributes.config__lr = 'x'"},
        {"filter": "status LIKE 'x'"},
        {"filter": "status > 'x'"},
        {"filter": "status IS NULL"},
        {"filter": "start_time = 'x'"},
        {"filter": "start_time > 1e300"},
        {"filter": "run_id = 3"},
        {"filter": "run_id > 'x'"},
        {"filter": "dataset.name = 'x'"},
        {"filter": f"tags.a LIKE '{'%a' * 600}'"},
        {"filter": 3},
        {"order_by": ["nothing"]},
        {"order_by": ["attributes.user__password"]},
        {"order_by": ["metrics.a; drop table"]},
        {"order_by": ["metrics.a"] * 11},
        {"order_by": 3},
        {"order_by": [3]},
        {"max_results": 0},
        {"max_results": 50_001},
        {"max_results": "many"},
        {"page_token": "x"},
        {"page_token": "WyJqb2JzIiw3XQ"},
        {"page_token": "WyJtbGZsb3ctcnVucyIsOTIyMzM3MjAzNjg1NDc3NTgwMF0"},
        {"run_view_type": "SOME"},
        {"run_view_type": 4},
        {"experiment_ids": "x" * 100},
        {"experiment_ids": {"a": 1}},
        {"experiment_ids": ["0"] * 1001},
    ],
)
def test_what_cannot_be_meant_is_refused(wish: dict[str, Any]) -> None:
    new_run()
    body = {"experiment_ids": ["0"]} | wish
    assert refused("POST", "runs/search", body) == INVALID


def test_many_patterns_against_a_long_text_are_answered() -> None:
    """A pattern of many wildcards must not make the database try every way to place them."""
    run_id = new_run()
    post("runs/set-tag", run_id=run_id, key="t", value="a" * 8000)
    text = " and ".join([f"tags.t LIKE '{'%a' * 400}%b'"] * 10)
    assert get("runs/get", run_id=run_id)
    assert found("0", filter=text) == []
