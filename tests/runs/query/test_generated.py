"""Filters nobody thought of: the database finds what a plain reading of each finds."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.models import Run
from runs.query.finding import Names, narrowed
from runs.query.reading import parse
from runs.query.scope import Scope
from runs.query.syntax import (
    All,
    Among,
    AnyOf,
    Compare,
    Has,
    Literal,
    Name,
    Node,
    Not,
    Words,
    to_text,
)
from tests.runs.query.conftest import NOW
from tests.runs.query.judging import Facts, holds

pytestmark = pytest.mark.django_db

KINDS = {
    **dict.fromkeys(
        ("state", "name", "tag", "created", "duration", "project", "host", "attempt"), "field"
    ),
    **dict.fromkeys(("lr", "opt.lr", "model", "deep", "layers"), "config"),
    **dict.fromkeys(("loss", "acc", "val/loss"), "metric"),
}
numbers = st.sampled_from(["0.1", "1", "-1e-300", "inf", "0.2", "1e-4", "1e999"]).map(Literal)
texts = st.sampled_from(
    ["resnet18", "RESNET18", "", "true", "base", "baseline", "%", "_", "x y", "é"]
)
patterns = st.sampled_from(
    ["^s", "[Bb]ase", "e$", "a|e", r"\d", "x+ ?y", ".", "", r"\bs", "(?i)SEED"]
)
moments = st.sampled_from(["-2d", "2029-12-31", "2029-12-30T11:00", "now", "today"]).map(Literal)


def compared(
    key: str, signs: list[str], values: st.SearchStrategy[Literal]
) -> st.SearchStrategy[Node]:
    return st.builds(Compare, st.just(Name("", key)), st.sampled_from(signs), values)


ALL_SIGNS = [":", "=", "!=", "<", "<=", ">", ">="]
IS = [":", "=", "!="]
quoted = texts.map(lambda text: Literal(text, quoted=True))
like = patterns.map(lambda text: Literal(text, quoted=True))
some = st.one_of(quoted, numbers, texts.filter(bool).map(Literal))
listed = st.lists(numbers, min_size=1, max_size=3).map(tuple)
leaf = st.one_of(
    *(compared(key, ALL_SIGNS, numbers) for key in ("lr", "opt.lr", "loss", "acc", "val/loss")),
    *(compared(key, IS, some) for key in ("model", "deep", "lr")),
    *(compared(key, ["~", "!~"], like) for key in ("model", "name", "tag", "project")),
    *(compared(key, IS, quoted) for key in ("name", "tag", "project", "host")),
    compared("created", ALL_SIGNS, moments),
    compared("duration", ALL_SIGNS, st.sampled_from(["600", "10m", "1h", "2d"]).map(Literal)),
    compared("loss", IS, st.just(Literal("nan"))),
    compared("state", IS, st.sampled_from(["failed", "running"]).map(Literal)),
    st.builds(Has, st.sampled_from([Name("", key) for key in KINDS])),
    st.builds(Among, st.sampled_from([Name("", "lr"), Name("", "loss")]), listed),
    st.builds(Compare, st.just(Name("metric", "loss", "min")), st.sampled_from(ALL_SIGNS), numbers),
    st.builds(Words, texts.filter(bool)),
)  # fmt: skip


def nested(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    some = st.lists(inner, min_size=2, max_size=3).map(tuple)
    return st.one_of(some.map(All), some.map(AnyOf), inner.map(Not))


@given(tree=st.recursive(leaf, nested, max_leaves=6))
@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_the_database_finds_what_a_plain_reading_does(tree: Node, eight: list[Facts]) -> None:
    runs = narrowed(Run.objects.all(), tree, Scope(NOW, "ada"), Names())

    expected = {run.plain["id"] for run in eight if holds(tree, run, now=NOW, kinds=KINDS)}
    assert set(runs.values_list("key", flat=True)) == expected, to_text(tree)
    assert parse(to_text(tree)) is not None
