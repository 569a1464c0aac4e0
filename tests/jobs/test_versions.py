"""An agent's version beside the server's: a word for programs, a sentence for people, and never a refusal."""

import pytest
from hypothesis import given
from hypothesis import strategies as some

from jobs import workers
from jobs.selectors import worker
from jobs.versions import Age, skew
from tests.jobs.factories import NOON, claim, make_job, make_worker

SERVER = "1.4.2"


@pytest.mark.parametrize(
    ("agent", "age"),
    [
        ("1.4.2", Age.SAME),
        ("v1.4.2", Age.SAME),
        (" 1.4.2 ", Age.SAME),
        ("1.4.2.0", Age.SAME),
        ("1.4.2+cu124", Age.SAME),
        ("1.4.1", Age.OLDER),
        ("1.4", Age.OLDER),
        ("1.4.2rc1", Age.OLDER),
        ("1.4.2-rc.1", Age.OLDER),
        ("1.4.2.dev0", Age.OLDER),
        ("1.3.9", Age.OLDER),
        ("1.4.2.post1", Age.NEWER),
        ("1.4.10", Age.NEWER),
        ("1.5.0a1", Age.NEWER),
        ("1.5", Age.NEWER),
        ("1.2.9", Age.TOO_OLD),
        ("1", Age.TOO_OLD),
        ("0.5.3", Age.TOO_OLD),
        ("1.6.0", Age.TOO_NEW),
        ("2.0.0", Age.TOO_NEW),
        ("2.0.0.dev0", Age.TOO_NEW),
        ("1!1.4.2", Age.TOO_NEW),
        ("9" * 32, Age.TOO_NEW),
        ("", Age.UNKNOWN),
        ("  ", Age.UNKNOWN),
        ("latest", Age.UNKNOWN),
        ("1.4.2; rm -rf /", Age.UNKNOWN),
        ("1..2", Age.UNKNOWN),
        ("-1.4.2", Age.UNKNOWN),
        ("1.4.2\0", Age.UNKNOWN),
        ("<b>1.4.2</b>", Age.UNKNOWN),
        ("9" * 5000, Age.UNKNOWN),
    ],
)
def test_each_distance_has_its_word(agent: str, age: Age) -> None:
    told = skew(agent, SERVER)
    assert told.age == age
    assert bool(told.note) is (age != Age.SAME)


@pytest.mark.parametrize(
    ("agent", "note"),
    [
        ("1.3.0", "is older by one minor version: works; update it when convenient"),
        ("1.4.1", "is older within the same minor version: works; update it when convenient"),
        ("1.5.0", "is newer by one minor version: works; update the server when convenient"),
        ("1.1.0", "is too old (3 minor versions behind): not tested together; update it"),
        ("0.9.0", "is too old (another major version): not tested together; update it"),
        ("1.6.0", "is too new (2 minor versions ahead): not tested together; update the server"),
    ],
)
def test_the_sentence_says_whether_it_works_and_what_to_do(agent: str, note: str) -> None:
    assert skew(agent, SERVER).note == note


def test_a_server_with_an_odd_version_says_that_it_cannot_compare() -> None:
    assert skew("1.4.2", "unknown").age == Age.UNKNOWN


def test_a_first_version_under_way_knows_its_own_agents() -> None:
    assert skew("1.0.0.dev0", "1.0.0.dev0").age == Age.SAME
    assert skew("1.0.0", "1.0.0.dev0").age == Age.NEWER


@given(some.text(max_size=40), some.text(max_size=40))
def test_anything_at_all_gets_an_answer(agent: str, server: str) -> None:
    assert skew(agent, server).age in Age


@pytest.mark.django_db
@pytest.mark.parametrize("version", ["", "0.0.1", "99.0", "no version"])
def test_no_version_keeps_a_worker_from_its_jobs(version: str) -> None:
    node = make_worker("node1", version=version)
    job = make_job()
    assert claim(node).job_id == job.pk
    workers.unregister("node1", now=NOON)
    assert worker("node1", now=NOON).worker.version == version
