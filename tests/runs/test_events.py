"""Lines of events.jsonl become rows: each complete one exactly once, whatever interrupts and whatever it holds."""

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from runs import events, feed, lines, recording
from runs.models import Event, Run, Stream
from tests.runs.factories import NOON, line, log, make_run

pytestmark = pytest.mark.django_db

NAME = "events.jsonl"
STAMP = "2030-01-01T12:00:00.500000Z"


def say(run: Run, *records: dict[str, Any], name: str = NAME) -> int:
    return log(run, b"".join(line(**record) for record in records), name=name)


def rows(run: Run) -> list[tuple[str, int, str, str]]:
    found = Event.objects.filter(run=run, attempt=run.attempt)
    return [(each.writer, each.index, each.kind, each.key) for each in found]


def only(run: Run) -> Event:
    return Event.objects.get(run=run)


def test_each_kind_is_kept_with_its_key_its_step_and_its_time() -> None:
    run = make_run()
    picture = {"file": "media/images/x-3-ab.png", "width": 4, "height": 2, "caption": "one"}
    say(
        run,
        {"type": "text", "key": "said", "step": 3, "_idx": 0, "_timestamp": STAMP, "text": "hi"},
        {"type": "image", "key": "x", "step": 3} | picture,
        {"type": "table", "key": "t", "columns": ["a"], "rows": [[1], [float("nan")]]},
        {"type": "histogram", "key": "w", "step": -1, "edges": [0, 1, 2], "counts": [3, 4]},
    )
    assert [each[2:] for each in rows(run)] == [
        ("text", "said"),
        ("image", "x"),
        ("table", "t"),
        ("histogram", "w"),
    ]
    said, image, table, weights = Event.objects.filter(run=run)
    assert (said.step, said.at, said.body) == (3, NOON.timestamp() + 0.5, {"text": "hi"})
    assert image.body == picture
    assert (table.step, table.body["rows"]) == (None, [[1], ["NaN"]])
    assert (weights.step, weights.level) == (-1, "")


@pytest.mark.parametrize(
    ("said", "level"),
    [("error", "error"), ("WARN", "warning"), ("loud", "info"), (None, "info"), ([1], "info")],
)
def test_an_alert_has_a_level_and_is_called_by_its_title(said: Any, level: str) -> None:
    run = make_run()
    say(run, {"type": "alert", "title": "loss is NaN", "text": "since 7", "level": said})
    event = only(run)
    assert (event.kind, event.level, event.key) == ("alert", level, "loss is NaN")
    assert event.body["text"] == "since 7"


def test_an_alert_rings_for_those_who_show_all_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    rung: list[str] = []
    monkeypatch.setattr(feed, "ring", lambda *groups: rung.extend(groups))
    run = make_run()
    rung.clear()
    say(run, {"type": "text", "key": "a", "text": "b"})
    assert feed.QUEUE not in rung
    say(run, {"type": "alert", "title": "a"})
    assert feed.QUEUE in rung


def test_a_line_of_the_events_protocol_is_kept_as_it_is() -> None:
    run = make_run()
    say(run, {"event": "worker", "status": "ready", "message": "m"}, {"type": "video", "key": "v"})
    worker, video = Event.objects.filter(run=run)
    assert (worker.kind, worker.key, worker.body["status"]) == ("other", "worker", "ready")
    assert (video.kind, video.key, video.body) == ("other", "v", {"type": "video"})


@settings(
    max_examples=10, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cuts=st.lists(st.integers(1, 90), min_size=1, max_size=12))
def test_any_way_of_cutting_the_file_gives_the_same_rows(cuts: list[int]) -> None:
    source = b"".join(line(type="text", key="k", step=n, text="é" * n) for n in range(9))
    run = make_run()
    offset = 0
    while offset < len(source):
        offset = log(run, source[offset : offset + cuts[offset % len(cuts)]], name=NAME)
    found = Event.objects.filter(run=run)
    assert [(each.index, each.step, each.body["text"]) for each in found] == [
        (n, n, "é" * n) for n in range(9)
    ]


def test_a_torn_last_line_waits_and_indexing_again_adds_nothing() -> None:
    run = make_run()
    whole = line(type="text", key="a", text="b")
    log(run, whole + whole[:9], name=NAME)
    for _ in range(3):
        assert not events.index(run, 1, NAME, size=len(whole) + 9)
    assert rows(run) == [("", 0, "text", "a")]
    log(run, whole[9:], name=NAME)
    assert rows(run) == [("", 0, "text", "a"), ("", 1, "text", "a")]


@pytest.mark.django_db(transaction=True)
def test_an_interruption_repeats_nothing_and_skips_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    """The server dies between the rows and the note of how far it got."""
    run = make_run()
    say(run, {"type": "text", "key": "a", "text": "0"})

    def die(_stream: Stream, **_options: Any) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(Stream, "save", die)
        with pytest.raises(KeyboardInterrupt):
            say(run, {"type": "text", "key": "a", "text": "1"})
    say(run, {"type": "text", "key": "a", "text": "2"})
    assert [each.body["text"] for each in Event.objects.filter(run=run)] == ["0", "1", "2"]


def test_writers_and_attempts_never_mix() -> None:
    run = make_run()
    say(run, {"type": "text", "key": "a"})
    say(run, {"type": "text", "key": "b"}, name="events.r1.jsonl")
    assert rows(run) == [("", 0, "text", "a"), ("r1", 0, "text", "b")]
    recording.begin_attempts([(run, 2, "node2")], now=NOON)
    say(run, {"type": "text", "key": "c"})
    assert rows(run) == [("", 0, "text", "c")]
    assert Event.objects.filter(run=run).count() == 3


@pytest.mark.parametrize("bad", [b"not json", b"[1]", b"7", b"\xff", b"[" * 100_000])
def test_a_line_that_cannot_be_read_is_counted_and_keeps_its_number(bad: bytes) -> None:
    run = make_run()
    log(run, bad + b"\n" + line(type="text", key="a"), name=NAME)
    assert rows(run) == [("", 1, "text", "a")]
    stream = Stream.objects.get(run=run)
    assert (stream.lines, stream.bad_lines) == (2, 1)


def test_an_empty_line_is_not_bad() -> None:
    run = make_run()
    log(run, b"\n" + line(type="text", key="a") + b"\n", name=NAME)
    assert rows(run) == [("", 1, "text", "a")]
    stream = Stream.objects.get(run=run)
    assert (stream.lines, stream.bad_lines) == (3, 0)


@pytest.mark.parametrize("hostile", [None, 7, [], {}, "x" * 300, "a\0b\ud800", True])
@pytest.mark.parametrize("field", ["type", "key", "step", "_timestamp", "title", "text", "rows"])
def test_whatever_a_field_holds_is_data(field: str, hostile: Any) -> None:
    run = make_run()
    say(run, {"type": "alert", field: hostile}, {"type": "text", "key": "after"})
    assert Event.objects.filter(run=run).count() == 2
    first = Event.objects.filter(run=run)[0]
    assert "\0" not in first.key
    assert len(first.key) <= 255


def test_a_key_longer_than_its_column_is_cut_and_kept_whole_in_the_body() -> None:
    run = make_run()
    say(run, {"type": "text", "key": "k" * 300, "text": "t"})
    assert (only(run).key, only(run).body["key"]) == ("k" * 255, "k" * 300)


def test_a_line_that_is_too_large_leaves_a_note() -> None:
    run = make_run()
    say(run, {"type": "table", "key": "t", "step": 4, "rows": ["x" * events.LONGEST]})
    event = only(run)
    assert (event.kind, event.key, event.step) == ("table", "t", 4)
    assert list(event.body) == ["left_out"]


def test_a_line_without_end_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lines, "STRETCH", 100)
    run = make_run()
    log(run, b"x" * 350 + b"\n" + line(type="text", key="after"), name=NAME)
    assert [key for *_, key in rows(run)] == ["after"]


def test_a_run_takes_its_events_with_it() -> None:
    run = make_run()
    say(run, {"type": "alert", "title": "a"})
    run.delete()
    assert not Event.objects.exists()
