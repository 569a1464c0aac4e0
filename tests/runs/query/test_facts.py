"""Commit, branch, Python, packages and GPU in filters and sorts, on both databases."""

from typing import Any

import pytest

from runs.errors import Invalid, QueryError
from runs.facts import NAMES, PACKAGES
from runs.models import Run
from runs.query import completing, fields
from runs.query.finding import filtered
from runs.query.scope import Scope
from runs.query.sorting import by_words
from tests.runs.factories import NOON, make_run

pytestmark = pytest.mark.django_db

FACTS: list[dict[str, Any]] = [
    {
        "commit": "abc123ff",
        "branch": "main",
        "dirty": True,
        "python": "3.1.4",
        "gpu": "NVIDIA H200",
    },
    {"commit": "abc999", "branch": "Main", "dirty": False, "python": "3.11.9"},
    {"python": "3.1", "package/torch": "2.4.0+cu121", "package/scikit-learn": "1.5"},
    {"commit": ["abc"], "branch": 7, "dirty": "true", "package/torch": "2.40"},
    {},
]


@pytest.fixture(autouse=True)
def runs() -> None:
    for number, told in enumerate(FACTS):
        run = make_run(name=str(number), config={"torch": "config"})
        Run.objects.filter(pk=run.pk).update(facts=told)


@pytest.mark.parametrize(
    ("text", "key", "hint"),
    [
        ("gpu>=2", "gpu", "and in; config.gpu is a setting of 1 run: write config.gpu"),
        ("dirty:maybe", "dirty", "config.dirty is a setting of 1 run"),
        ("status>3", "status", "config.status is a setting of 1 run"),
        ("created in (3)", "created", "config.created is a setting of 1 run"),
        ("gpu>=2", "other", "texts are compared by : = != ~ !~ and in"),
    ],
)
def test_an_error_names_the_setting_that_the_field_hides(text: str, key: str, hint: str) -> None:
    make_run(config={key: 4})
    with pytest.raises(QueryError) as refused:
        found(text)
    assert hint in refused.value.hint
    assert ("config." in refused.value.hint) == (key != "other")


def found(text: str) -> str:
    runs = filtered(Run.objects.all(), text, Scope(NOON, "ada"))
    return "".join(sorted(run.name for run in runs))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("commit:abc", "01"),
        ("commit:ABC1", "0"),
        ("commit:bc", ""),
        ("commit=abc", ""),
        ("commit=abc999", "1"),
        ("commit!=abc999", "0234"),
        ('commit~"9{3}$"', "1"),
        ("commit in (abc1, abc9, zz)", "01"),
        ("commit not in (abc1)", "1234"),
        ("commit exists", "01"),
        ("-commit exists", "234"),
        ("commit:%", ""),
        ("commit:_bc", ""),
        ("branch:main", "01"),
        ("branch=main", "0"),
        ("dirty:true", "0"),
        ("dirty:FALSE", "1"),
        ("-dirty:true", "1234"),
        ("dirty exists", "01"),
        ("python:3.1", "02"),
        ("python:3", "012"),
        ("python=3.1", "2"),
        ("python in (3.11, 3.1.4)", "01"),
        ("gpu:h200", "0"),
        ("gpu exists", "0"),
        ("package.torch:2.4", "2"),
        ("package.torch:2.4.0", "2"),
        ("package.torch exists", "23"),
        ('package.scikit-learn~"^1"', "2"),
        ("torch:config", "01234"),
        ("config.torch:config package.torch exists", "23"),
    ],
)
def test_a_filter_finds(text: str, expected: str) -> None:
    assert found(text) == expected


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("dirty:perhaps", "no dirty"),
        ("commit<3", "cannot be compared"),
        ("python>=3.10", "cannot be compared"),
        ("package.torhc:2", "versions are kept of torch, "),
        ("config_of_nobody_at_all:2", "fields are id, name"),
        ("pythn:3", "did you mean `python`"),
    ],
)
def test_what_means_nothing_is_said(text: str, said: str) -> None:
    with pytest.raises(QueryError) as error:
        found(text)
    assert said in f"{error.value.what} {error.value.hint}"
    assert "package.numpy" not in error.value.hint  # fields are listed without the many packages


def test_runs_are_sorted_by_them_and_those_without_come_last() -> None:
    def order(*words: str) -> str:
        return "".join(run.name for run in by_words(Run.objects.all(), words, now=NOON))

    assert order("commit") == "01432"
    assert order("-package.torch") == "32410"
    assert order("-dirty") == "01432"
    with pytest.raises(Invalid, match="versions are kept of"):
        order("package.mine")


def test_every_fact_is_a_field() -> None:
    assert set(NAMES) <= fields.known().keys()


class TestCompleting:
    def items(self, text: str) -> list[str]:
        told = completing.complete(text, len(text), Scope(NOON, "ada"))
        return [item.text for item in told.items]

    def test_values_are_those_of_runs(self) -> None:
        assert self.items("commit:") == ["abc999", "abc123ff"]
        assert self.items("commit:12") == ["abc123ff"]
        assert self.items("dirty:t") == ["true"]
        assert self.items("package.torch:") == ["2.40", "2.4.0+cu121"]

    def test_packages_leave_room_for_what_runs_say_of_themselves(self) -> None:
        assert len(PACKAGES) > completing.MOST
        assert "torch" in self.items("")
        assert "package.torch:" in self.items("tor")
