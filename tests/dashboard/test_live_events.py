"""Live pages hear of events, of several writers' points and of what was lost, each once."""

from datetime import timedelta
from typing import Any

import pytest

from dashboard import watching
from dashboard.watching import Cursors, news
from jobs.models import Worker
from runs import documents
from tests.dashboard.conftest import begin, log, run_of
from tests.jobs.factories import NOON, make_worker
from tests.runs.factories import line
from tests.runs.factories import log as log_lines

pytestmark = pytest.mark.django_db


def types(messages: list[dict[str, Any]]) -> list[str]:
    return [message["type"] for message in messages]


def test_points_of_several_writers_are_told_apart() -> None:
    attempt = begin()
    run = run_of(attempt)
    log(attempt, loss=[1.0])
    for writer, value in (("r1", 2.0), ("r2", 3.0)):
        log_lines(run, line(step=0, loss=value), name=f"metrics.{writer}.jsonl")
    seen = Cursors(1, points={"loss": 0, "loss\nr1": 0}, keys=3)

    (points, _header), after = news(run.key, seen, now=NOON)

    told = {name: columns["value"] for name, columns in points["series"].items()}
    assert told == {"loss": [1.0], "loss\nr1": [2.0]}
    assert after.points == {"loss": 1, "loss\nr1": 1}


def test_a_writer_that_came_later_is_news_like_a_metric() -> None:
    """Its curve belongs into charts that are drawn already."""
    attempt = begin()
    run = run_of(attempt)
    log(attempt, loss=[1.0])
    seen = Cursors(1, points={"loss": 1}, keys=1)
    assert "keys" not in [message["type"] for message in news(run.key, seen, now=NOON)[0]]
    log_lines(run, line(step=0, loss=2.0), name="metrics.r1.jsonl")
    messages, after = news(run.key, seen, now=NOON)
    assert messages[0] == {"type": "keys", "count": 2}
    assert after.keys == 2


def test_events_are_announced_once_and_by_any_writer() -> None:
    attempt = begin()
    run = run_of(attempt)
    _, seen = news(run.key, Cursors(1), now=NOON)
    for name in ("events.jsonl", "events.r1.jsonl"):
        log_lines(run, line(type="text", key="a", text="b") + b"bad\n", name=name)
        messages, seen = news(run.key, seen, now=NOON)
        assert types(messages)[0] == "events"
    assert messages[0] == {"type": "events", "count": 4}
    assert news(run.key, seen, now=NOON)[0] == []


def test_an_alert_changes_the_overview() -> None:
    run = run_of(begin())
    before = watching.queue_version()
    log_lines(run, line(type="text", key="a", text="b"), name="events.jsonl")
    assert watching.queue_version() == before
    log_lines(run, line(type="alert", title="a"), name="events.jsonl")
    assert watching.queue_version() != before


def test_a_hundred_heartbeats_are_no_hundred_changes_of_the_overview() -> None:
    worker = make_worker()
    beats = [NOON + timedelta(milliseconds=150 * each) for each in range(100)]
    seen = set()
    for beat in beats:
        Worker.objects.filter(pk=worker.pk).update(heartbeat_at=beat)
        seen.add(watching.queue_version())
    assert len(seen) == 1
    Worker.objects.filter(pk=worker.pk).update(heartbeat_at=NOON + timedelta(seconds=15))
    assert watching.queue_version() not in seen


def test_what_was_lost_changes_the_header() -> None:
    run = run_of(begin())
    before = watching.version(run)
    documents.put(run, 1, "meta.json", b'{"dropped": 3}')
    run.refresh_from_db()
    assert watching.version(run) != before
