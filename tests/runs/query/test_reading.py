"""A filter's text becomes a tree, and whatever somebody types is either read or refused in words that help."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runs.errors import QueryError
from runs.query.reading import DEEPEST, LONGEST, MOST, MOST_LISTED, parse
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


def named(text: str) -> Name:
    kind, _, key = text.rpartition(":")
    return Name(kind, key)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("", All(())),
        ("  ", All(())),
        ("state:failed", Compare(Name("", "state"), ":", Literal("failed"))),
        ("lr >= 1e-4", Compare(Name("", "lr"), ">=", Literal("1e-4"))),
        ("lr==1", Compare(Name("", "lr"), "=", Literal("1"))),
        ('name~"seed [0-3]"', Compare(Name("", "name"), "~", Literal("seed [0-3]", quoted=True))),
        ("loss.min<0.2", Compare(Name("", "loss", "min"), "<", Literal("0.2"))),
        ('metric."a.b/c d".max>1', Compare(Name("metric", "a.b/c d", "max"), ">", Literal("1"))),
        ('metric."loss.min">1', Compare(Name("metric", "loss.min"), ">", Literal("1"))),
        ('config."opt.lr"=1', Compare(Name("config", "opt.lr"), "=", Literal("1"))),
        ("config.opt.lr=1", Compare(Name("config", "opt.lr"), "=", Literal("1"))),
        ("config.min=1", Compare(Name("config", "min"), "=", Literal("1"))),
        ("created>-7d", Compare(Name("", "created"), ">", Literal("-7d"))),
        (
            "created>2026-01-15T12:30+02:00",
            Compare(Name("", "created"), ">", Literal("2026-01-15T12:30+02:00")),
        ),
        ("lr in (1, 2)", Among(Name("", "lr"), (Literal("1"), Literal("2")))),
        ("lr NOT IN (1)", Not(Among(Name("", "lr"), (Literal("1"),)))),
        ("lr exists", Has(Name("", "lr"))),
        ("resnet", Words("resnet")),
        ("3.5", Words("3.5")),
        ('"and so"', Words("and so")),
        ("-a", Not(Words("a"))),
        ("NOT a", Not(Words("a"))),
        ("a b", All((Words("a"), Words("b")))),
        ("a AND b and c", All((Words("a"), Words("b"), Words("c")))),
        ("a OR b c", AnyOf((Words("a"), All((Words("b"), Words("c")))))),
        ("(a OR b) c", All((AnyOf((Words("a"), Words("b"))), Words("c")))),
        ("(a b) c", All((Words("a"), Words("b"), Words("c")))),
        ("a (b)", All((Words("a"), Words("b")))),
        ("or:1", Compare(Name("", "or"), ":", Literal("1"))),
        ("it's:1", None),
        ("oréal", Words("oréal")),
    ],
)
def test_what_is_written_is_what_is_meant(text: str, tree: Node | None) -> None:
    if tree is None:
        with pytest.raises(QueryError):
            parse(text)
    else:
        assert parse(text) == tree


@pytest.mark.parametrize(
    ("text", "at", "said"),
    [
        ("state:", 6, "a value is missing"),
        ("a OR", 4, "missing at the end"),
        ("OR a", 0, "OR cannot stand here"),
        ("(a", 0, "never closed"),
        ("a)", 1, "closes nothing"),
        ("()", 1, "cannot stand here"),
        ('name:"abc', 5, "never closed"),
        (">5", 0, "a name is missing"),
        ("lr in 5", 6, "a list is missing"),
        ("lr in (5", 6, "never closed"),
        ("lr in (5;6) ", 0, None),
        ("lr in (5,)", 9, "a value is missing"),
        ("a,b", 1, ", cannot stand"),
        ("a ! b", 2, "a lone !"),
        ("config.=1", 0, "a key is missing"),
        ('""', 0, "cannot stand here"),
        ("-", 1, "missing at the end"),
        ("x" * (LONGEST + 1), LONGEST, "at most"),
        ("(" * (DEEPEST + 1), DEEPEST, "inside each other"),
        ("-" * 3000 + "a", DEEPEST, "inside each other"),
        ("a " * (MOST + 1), 2 * MOST, "comparisons"),
        ("a in (" + "1," * MOST_LISTED + "1)", None, "at most"),
    ],
)
def test_a_mistake_is_shown_where_it_is(text: str, at: int | None, said: str | None) -> None:
    if said is None:
        parse(text)
        return
    with pytest.raises(QueryError) as caught:
        parse(text)
    assert said in caught.value.what
    assert at is None or caught.value.at == at
    assert caught.value.length >= 1


anything = st.text(st.sampled_from("""ab:=!<>~()"'\\,.- ORANDnoti1é\0\n\t*[]{}"""), max_size=40)


@given(st.one_of(st.text(max_size=60), anything))
@settings(max_examples=400, deadline=None)
def test_no_text_ends_in_anything_but_a_tree_or_a_complaint(text: str) -> None:
    try:
        tree = parse(text)
    except QueryError as refused:
        assert 0 <= refused.at <= len(text)
        assert refused.length >= 1
    else:
        assert parse(to_text(tree)) == tree


keys = st.one_of(
    st.sampled_from(
        ["lr", "opt.lr", "loss.min", "or", "config", "config.x", "min", "a b", 'q"', "é", "-x", "."]
    ),
    st.text(min_size=1, max_size=8),
)
kinds = st.sampled_from(["", "config", "metric", "summary"])


@st.composite
def names(draw: st.DrawFn) -> Name:
    kind = draw(kinds)
    part = draw(st.sampled_from(["", "min", "last"])) if kind in ("", "metric") else ""
    return Name(kind, draw(keys), part)


values = st.builds(Literal, st.text(max_size=8), st.just(True))
signs = st.sampled_from([":", "=", "!=", "<", "<=", ">", ">=", "~", "!~"])
leaf = st.one_of(
    st.builds(Compare, names(), signs, values),
    st.builds(
        Compare,
        names(),
        signs,
        st.builds(Literal, st.sampled_from(["1e-4", "-7d", "a:b", "or", "x!"])),
    ),
    st.builds(Among, names(), st.lists(values, min_size=1, max_size=3).map(tuple)),
    st.builds(Has, names()),
    st.builds(Words, st.text(min_size=1, max_size=8)),
)


def nested(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    def of(kind: type[All] | type[AnyOf]) -> st.SearchStrategy[Node]:
        parts = inner.filter(lambda each: not isinstance(each, kind))
        return st.lists(parts, min_size=2, max_size=3).map(lambda some: kind(tuple(some)))

    return st.one_of(of(All), of(AnyOf), inner.map(Not))


@given(st.recursive(leaf, nested, max_leaves=8))
@settings(max_examples=300, deadline=None)
def test_a_tree_written_as_text_is_read_as_the_same_tree(tree: Node) -> None:
    assert parse(to_text(tree)) == tree
