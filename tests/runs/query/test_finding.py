"""What a filter finds is what its words say, on both databases, whatever keys and values are called."""

import pytest

from runs.errors import QueryError
from runs.models import Run, Series
from runs.query.finding import filtered
from runs.query.scope import Scope
from runs.query.syntax import (
    Compare,
    Has,
    Literal,
    Name,
    to_text,
)
from tests.runs.factories import NOON
from tests.runs.query.conftest import NOW
from tests.runs.query.judging import Facts

pytestmark = pytest.mark.django_db

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
        ('model~"^(?:vit|res)(?:net)+"', "1"),
        (r'model~"[\w-]t1[-\w]"', "12"),
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
        (r'name~"[\w-z]x"', 5, "not understood", ""),
        (r'name~"[a-\d]"', 5, "no", ""),
        (r'name~"(?:*a)"', 5, "no regular expression", ""),
        (r'name~"(?i:a)"', 5, "not understood", ""),
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
