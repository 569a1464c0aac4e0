"""The language of filters: read once from left to right, and what stands in it stays data."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlflow_api.filters.language import Comparison, Name, order, parse
from mlflow_api.refusals import Refusal


@pytest.mark.parametrize(
    ("text", "kind", "key", "sign", "value"),
    [
        ("metrics.loss < 0.1", "metric", "loss", "<", 0.1),
        ("metric.loss>=-1e-3", "metric", "loss", ">=", -0.001),
        ("metrics.`val loss` != 2", "metric", "val loss", "!=", 2.0),
        ('metrics."a.b" = 1', "metric", "a.b", "=", 1.0),
        ("metrics.system/gpu-0 <> 1", "metric", "system/gpu-0", "!=", 1.0),
        ('params.lr = "0.1"', "param", "lr", "=", "0.1"),
        ("parameter.model.depth = '3'", "param", "model.depth", "=", "3"),
        ("tags.mlflow.parentRunId = 'x'", "tag", "mlflow.parentRunId", "=", "x"),
        ("tag.note like '%a%'", "tag", "note", "LIKE", "%a%"),
        ("TAGS.note ILIKE 'a'", "tag", "note", "ILIKE", "a"),
        ("attributes.status = 'FINISHED'", "attribute", "status", "=", "FINISHED"),
        ("attr.start_time > 5", "attribute", "start_time", ">", 5.0),
        ("run_id IN ('a', \"b\")", "attribute", "run_id", "IN", ("a", "b")),
        ("run.run_id not in ('a')", "attribute", "run_id", "NOT IN", ("a",)),
        ("`run name` = 'x'", "attribute", "run_name", "=", "x"),
        ("params.x IS NULL", "param", "x", "IS NULL", None),
        ("tags.x is not null", "tag", "x", "IS NOT NULL", None),
        ("tags.x = 'it is; --\"%__('", "tag", "x", "=", 'it is; --"%__('),
    ],
)
def test_a_comparison_is_read(text: str, kind: str, key: str, sign: str, value: object) -> None:
    assert parse(text) == [Comparison(Name(kind, key), sign, value)]  # type: ignore[arg-type]


def test_comparisons_are_joined_by_and_and_nothing_finds_everything() -> None:
    assert parse("") == parse("  \n") == []
    text = "metrics.a < 1 AND params.b = 'and' and tags.c='d'"
    assert [each.name.key for each in parse(text)] == ["a", "b", "c"]


@pytest.mark.parametrize(
    "text",
    [
        "metrics",
        "metrics.",
        "metrics.loss",
        "metrics.loss <",
        "metrics.loss < 'x",
        "metrics.loss ~ 1",
        "metrics.loss < nan",
        "metrics.loss < Infinity",
        "metrics. `loss` < 1",
        "metrics.a < 1 or metrics.b < 1",
        "metrics.a < 1 metrics.b < 1",
        "metrics.a < 1 and",
        "and metrics.a < 1",
        "(metrics.a < 1)",
        "not metrics.a < 1",
        "nothing.a = 'x'",
        "= 1",
        "params.x = y",
        "params.x IN ()",
        "params.x IN ('a'",
        "params.x IN 'a'",
        "params.x LIKE 3",
        "params.x IS 3",
        "run_id IN ('a' 'b')",
        "tags.x = 'it''s'",
        "a = '1'; drop table runs_run",
        "\0",
        "metrics.a < 1 " + "and metrics.a < 1 " * 50,
        "run_id IN (" + ",".join(["'a'"] * 1001) + ")",
        "metrics.a = 1 " + " " * 60_000,
    ],
)
def test_what_is_no_filter_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(Refusal) as refusal:
        parse(text)
    assert refusal.value.code == "INVALID_PARAMETER_VALUE"
    assert refusal.value.message


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(parse(text), list)
    except Refusal as refusal:
        assert refusal.code == "INVALID_PARAMETER_VALUE"


@given(st.text(st.characters(exclude_characters="'"), max_size=50))
def test_a_value_is_what_stands_between_the_marks(value: str) -> None:
    assert parse(f"tags.x = '{value}'") == [Comparison(Name("tag", "x"), "=", value)]


@pytest.mark.parametrize(
    ("text", "name", "downwards"),
    [
        ("metrics.loss", Name("metric", "loss"), False),
        ("metrics.`val loss` DESC", Name("metric", "val loss"), True),
        ("attributes.start_time asc", Name("attribute", "start_time"), False),
        ("Created desc", Name("attribute", "start_time"), True),
    ],
)
def test_an_order_is_read(text: str, name: Name, downwards: bool) -> None:
    assert order(text) == (name, downwards)


@pytest.mark.parametrize(
    "text", ["", "metrics.a b", "metrics.a DESC, b", "metrics.a < 1", "a ASC DESC"]
)
def test_what_is_no_order_is_refused(text: str) -> None:
    with pytest.raises(Refusal):
        order(text)
