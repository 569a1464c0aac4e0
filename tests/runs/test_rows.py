"""Statements for many rows: what is written comes back as Django itself would read it, on both databases."""

import math
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import DatabaseError, connection, transaction

from jobs.models import Attempt, Job, JobEvent
from jobs.states import AttemptStatus
from runs import rows
from runs.models import Chunk, Series
from tests.jobs.factories import NOON, fresh, make_job, make_worker, sync
from tests.runs.factories import line, log, make_run, series

pytestmark = pytest.mark.django_db

# What ends an array's element, a string or a statement somewhere, if anybody forgets to quote it.
HOSTILE = [
    "",
    "NULL",
    "null",
    "a,b",
    "{a}",
    '"quoted"',
    "it's",
    "back\\slash\\\\",
    "line\nbreak\ttab",
    " spaces ",
    "%s %% %(name)s",
    "'; DROP TABLE jobs_job; --",
    "snow ☃ and 🦜",
    "\\u0041",
]


def noted(job: Job, message: str) -> dict[str, Any]:
    return {
        "job": job,
        "attempt": 1,
        "kind": "noted",
        "reason": AttemptStatus.RUNNING,
        "message": message,
        "actor": "ada",
        "address": "",
        "at": NOON,
    }


def test_hostile_texts_come_back_as_they_were() -> None:
    job = make_job()
    keys = rows.insert(JobEvent, [noted(job, text) for text in HOSTILE])
    found = JobEvent.objects.in_bulk(keys)
    assert [found[key].message for key in keys] == HOSTILE
    assert {event.reason for event in found.values()} == {"running"}


def test_updates_reach_the_rows_that_they_name_and_no_others() -> None:
    first, second, other = make_job(), make_job(), make_job()
    soon = NOON + timedelta(microseconds=123456)
    changed = rows.update(
        Job,
        ("name", "config", "not_before", "exclusive", "exit_code"),
        ("id", "status"),
        [
            [
                "it's {1}",
                {"a": [1, None, 'x"y\\', "☃"], "n": 2**80},
                soon,
                True,
                None,
                first.pk,
                "queued",
            ],
            ["", {}, None, False, -9, second.pk, "queued"],
            ["never", {}, None, False, 1, other.pk, "running"],
        ],
    )
    assert changed == 2
    first, second, other = fresh(first), fresh(second), fresh(other)
    assert (first.name, first.not_before, first.exclusive) == ("it's {1}", soon, True)
    assert first.config == {"a": [1, None, 'x"y\\', "☃"], "n": 2**80}
    assert (second.not_before, second.exit_code) == (None, -9)
    assert other.name != "never"


def test_a_time_of_another_zone_is_the_same_moment() -> None:
    job = make_job()
    there = datetime.fromisoformat("2030-01-01T14:00:00.5+02:00")
    rows.update(Job, ("not_before",), ("id",), [[there, job.pk]])
    assert fresh(job).not_before == there.astimezone(UTC)


def test_what_is_too_long_is_never_cut() -> None:
    """PostgreSQL refuses it; SQLite's columns have no length."""
    job, text = make_job(), "x" * 256
    expected = pytest.raises(DatabaseError) if connection.vendor == "postgresql" else nullcontext()
    with expected, transaction.atomic():
        rows.update(Job, ("name",), ("id",), [[text, job.pk]])
    assert fresh(job).name in (job.name, text)


def test_a_selected_row_is_a_row_of_django() -> None:
    job = make_job(config={"lr": 0.1})
    (found,) = rows.select(Job, "id = %s", [job.pk], columns=("id", "run_id", "config"))
    assert found == job
    assert found.config == {"lr": 0.1}
    assert found.get_deferred_fields() >= {"name", "status"}
    assert (found.name, found.run) == (job.name, job.run)  # read when they are asked for
    found.name = "another"
    found.save(update_fields=["name"])
    assert fresh(job).name == "another"
    assert Job.objects.count() == 1


def test_whole_rows_are_equal_to_those_of_the_orm() -> None:
    make_job()
    sync(make_worker())
    (found,) = rows.select(Attempt, "TRUE", [])
    told = Attempt.objects.get()
    assert {**vars(found), "_state": None} == {**vars(told), "_state": None}


def test_bytes_and_the_infinities_come_back_as_they_were() -> None:
    run = make_run()
    log(run, line(loss=1.0))
    chunk, stored = Chunk.objects.get(), series(run)
    data = bytes(range(256))
    rows.update(Chunk, ("steps", "values"), ("id",), [[data, b"", chunk.pk]])
    rows.update(
        Series, ("minimum", "maximum", "last"), ("id",), [[-math.inf, math.inf, None, stored.pk]]
    )
    chunk.refresh_from_db()
    stored.refresh_from_db()
    assert (bytes(chunk.steps), bytes(chunk.values)) == (data, b"")
    assert (stored.minimum, stored.maximum, stored.last) == (-math.inf, math.inf, None)
