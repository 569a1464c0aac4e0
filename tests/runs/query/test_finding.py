"""What a filter finds is what its words say, on both databases, whatever keys and values are called."""

import math
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs.errors import QueryError
from runs.models import Run, Series
from runs.query.finding import Names, filtered, narrowed
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
from tests.runs.factories import NOON
from tests.runs.query.judging import Facts, holds

pytestmark = pytest.mark.django_db

NOW = NOON + timedelta(hours=1)
ODD_KEYS = [
    "a'b",
    'a"b',
    "a.b",
    "$",
    "[0]",
    "a\\b",
    "%s",
    "é",
    "0",
    "'; drop table runs_run --",
    "*",
    " ",
    "#>>",
]
CONFIGS: list[dict[str, Any]] = [
    {},
    {"lr": 0.1, "model": "resnet18", "opt": {"lr": 1, "name": "Adam"}, "deep": True},
    {"lr": 1e-4, "model": "ResNet18", "opt.lr": 2, "opt": {"lr": 3}},
    {"lr": "0.1", "model": "", "deep": False, "layers": [1, 2]},
    {"lr": None, "model": "vit\nlarge", "deep": "true", "opt": 5},
    {"lr": 10**400, "model": "100%_x", "opt": {}},
    {"lr": "NaN", "model": "Infinity", "opt": "text"},
    {"lr": 1, "model": "true"},
]
METRICS: list[dict[str, tuple[float | None, float | None]]] = [
    {},
    {"loss": (0.5, 0.1)},
    {"loss": (None, 0.2), "val/loss": (1.0, 1.0)},
    {"loss": (None, None)},
    {"loss": (math.inf, 0.3), "acc": (0.9, 0.1)},
    {"acc": (0.5, 0.5)},
    {"loss": (-1e-300, -2.0)},
    {"loss": (0.2, 0.2), "acc": (0.2, 0.2)},
]
STATES = [
    "pending",
    "running",
    "completed",
    "failed",
    "cancelled",
    "completed",
    "running",
    "failed",
]


def make(number: int) -> Facts:
    """A run, and what is known of it."""
    state, ends = STATES[number], STATES[number] in ("completed", "failed", "cancelled")
    started = NOON - timedelta(days=number) if state != "pending" else None
    ended = started + timedelta(minutes=10 * number) if ends and started else None
    plain: dict[str, Any] = {
        "id": f"job-{number}",
        "name": ["", "seed 0", "Seed 1", "baseline"][number % 4],
        "project": ["", "vision"][number % 2],
        "user": ["ada", "Bo"][number % 2],
        "tag": [[], ["baseline"], ["base", "x y"], ["Baseline"]][number % 4],
        "created": NOON - timedelta(days=number, hours=1),
    }
    run = Run.objects.create(
        key=plain["id"], name=plain["name"], project=plain["project"], user=plain["user"], tags=plain["tag"],
        created_at=plain["created"], kind="job", status=state, attempt=number % 3, config=CONFIGS[number],
        started_at=started, finished_at=ended, hostname="node1" if number % 2 else "",
    )  # fmt: skip
    for key, (last, low) in METRICS[number].items():
        mine = {"run": run, "attempt": run.attempt, "key": key, "count": 3}
        Series.objects.create(**mine, last=last, minimum=low, maximum=low)
        Series.objects.create(**mine, writer="r1", last=99.0, minimum=99.0)  # another writer's
    Series.objects.create(
        run=run, attempt=run.attempt + 7, key="old", count=1, last=1.0
    )  # another attempt's
    plain |= {
        "state": state,
        "started": started,
        "ended": ended,
        "attempt": run.attempt,
        "kind": "job",
    }
    plain |= {"host": run.hostname, "notes": ""}
    plain["duration"] = (ended or NOW) - started if started else None
    plain = {name: None if value == "" else value for name, value in plain.items()}
    return Facts(
        plain,
        CONFIGS[number],
        {key: {"last": a, "min": b} for key, (a, b) in METRICS[number].items()},
    )


@pytest.fixture
def eight() -> list[Facts]:
    return [make(number) for number in range(8)]


def found(text: str, me: str = "ada") -> list[str]:
    runs = filtered(Run.objects.all(), text, Scope(NOW, me))
    return sorted(run.key.removeprefix("job-") for run in runs)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "01234567"),
        ("state:failed", "37"),
        ("STATE:1 or state:failed", None),
        ("status:failed", "37"),
        ("user:me", "0246"),
        ('user:"me"', ""),
        ("-user:me", "1357"),
        ("tag:baseline", "15"),
        ('tag~"(?i)base"', "123567"),
        ("tag exists", "123567"),
        ("seed", "1256"),
        ('"x y"', "26"),
        ("lr>=1e-4 lr<1", "12"),
        ("lr=0.1", "13"),
        ('lr="0.1"', "3"),
        ("lr:nan", "6"),
        ("lr exists", "1235" + "67"),
        ("lr!=0.1", "024567"),
        ("lr in (0.1, 1)", "137"),
        ("deep:true", "14"),
        ("opt.lr:1", "1"),
        ("opt.lr:2", "2"),
        ("config.opt.lr exists", "12"),
        ("config.nowhere:1", ""),
        ("-config.nowhere:1", "01234567"),
        ("model:resnet18", "12"),
        ("model=resnet18", "1"),
        ('model~"^res"', "1"),
        ('model~"(?i)^res"', "12"),
        (r'model~"vit\slarge"', "4"),
        ("loss<0.2", "6"),
        ("loss:nan", "23"),
        ("loss.min<0.2", "16"),
        ("loss.best<0.2", "16"),
        ("loss:inf", "4"),
        ("loss exists", "123467"),
        ("val/loss=1", "2"),
        ('metric."val/loss"=1', "2"),
        ("old exists", ""),
        ("created>-2d", "01"),
        ("created:2029-12-31", "1"),
        ("created<=2029-12-31", "1234567"),
        ("duration>2h", "16"),
        ("duration>=1h10m duration<1d", "7"),
        ("attempt>1", "25"),
        ("id in (job-1, job-2)", "12"),
        ("project exists", "1357"),
        ("(state:failed OR state:running) -lr=1", "136"),
        ("NOT (state:failed OR loss<9)", "02" + "45"),
    ],
)
def test_a_filter_finds_what_it_says(text: str, expected: str | None, eight: list[Facts]) -> None:
    if expected is None:
        with pytest.raises(QueryError):
            found(text)
    else:
        assert found(text) == list(expected)


@pytest.mark.parametrize(
    ("text", "at", "said", "hint"),
    [
        ("stat:failed", 0, "no field or key `stat`", "state"),
        ("a lrr>1", 2, "no field or key `lrr`", "lr"),
        ("state:faild", 6, "no state `faild`", "failed"),
        ("lr>big", 3, "is no number", ""),
        ("loss~x", 5, "cannot be compared by ~", ""),
        ("loss<nan", 5, "nothing is less", ""),
        ("created>soon", 8, "is no time", ""),
        ("created>-999999999999999d", 8, "is no time", ""),
        ("duration>x", 9, "no length of time", ""),
        ("state>failed", 6, "cannot be compared by >", ""),
        ("tag<x", 4, "cannot be compared by <", ""),
        ("name~(", 5, "a value is missing", ""),
        ('name~"("', 5, "no regular expression", ""),
        (r'name~"(a)\1"', 5, "no regular expression", ""),
        (r'name~"\pL"', 5, "not understood", ""),
        ('name~"a{999}"', 5, "repeats", ""),
        ('name~"{"', 5, "repeats nothing", ""),
        ('name~"a{"', 5, "repeats", ""),
        ('name~"^*"', 5, "repeats nothing", ""),
        ('name~"(?s)a"', 5, "not understood", ""),
        (f'name~"{"a" * 501}"', 5, "at most", ""),
        ('name~"((a{200}){200}){200}"', 5, "no regular expression", ""),
    ],
)
def test_what_cannot_be_meant_is_shown_where_it_stands(
    text: str, at: int, said: str, hint: str, eight: list[Facts]
) -> None:
    with pytest.raises(QueryError) as caught:
        found(text)
    assert (caught.value.at, said in caught.value.what) == (at, True), caught.value.detail
    assert hint in caught.value.hint


@pytest.mark.parametrize("key", ODD_KEYS)
def test_a_key_is_a_name_and_nothing_else(key: str) -> None:
    """Keys with the signs of SQL and of JSON paths in them: they find their own run, and no other."""
    for number, config in enumerate([{key: 1}, {key: 2}, {"x": {key: 2}}, {}]):
        Run.objects.create(key=f"job-{number}", kind="job", created_at=NOON, config=config)
    Series.objects.create(run=Run.objects.get(key="job-3"), attempt=0, key=key, count=1, last=2.0)
    written = to_text(Compare(Name("config", key), "=", Literal("2")))

    assert found(written) == ["1"]
    inner = found(to_text(Compare(Name("config", f"x.{key}"), "=", Literal("2"))))
    assert inner == ([] if "." in key else ["2"])  # dots are part of a key, or all of them a path
    assert found(to_text(Compare(Name("metric", key), "=", Literal("2")))) == ["3"]
    assert found(to_text(Has(Name("config", key)))) == ["0", "1"]


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
