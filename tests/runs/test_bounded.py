"""However many lines or keys come at once, each transaction is a small one: SQLite has one writer, and others wait."""

import pytest

from runs import checksums, events, indexing, lines, parsing
from runs.models import Event, Run, Series, Stream
from runs.points import Points
from tests.runs.factories import line, log, make_run

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody waits for the lock here."""
    monkeypatch.setattr(lines, "PAUSE", 0)


def stream(run: Run, name: str = "metrics.jsonl") -> tuple[int, int, int]:
    found = Stream.objects.get(run=run, name=name)
    return found.lines, found.bad_lines, found.indexed


def keys(run: Run, writer: str = "") -> list[str]:
    found = Series.objects.filter(run=run, writer=writer)
    return list(found.order_by("pk").values_list("key", flat=True))


def is_as_the_files_say(run: Run) -> bool:
    return checksums.of_database(run) == checksums.of_files(run, [run.attempt])


@pytest.fixture
def stretches(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many series each transaction wrote."""
    sizes: list[int] = []
    store = indexing.store

    def counted(run: Run, attempt: int, writer: str, columns: dict[str, Points]) -> set[str]:
        sizes.append(len(columns))
        return store(run, attempt, writer, columns)

    monkeypatch.setattr(indexing, "store", counted)
    return sizes


def test_a_key_for_each_sample_takes_many_small_transactions(
    stretches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parsing, "KEYS_AT_ONCE", 7)
    monkeypatch.setattr(parsing, "BLOCK", 16)
    run = make_run()
    data = b"".join(line(**{f"l/{n}": n / 2, "loss": n}) for n in range(100))
    log(run, data)
    assert max(stretches) <= 7
    assert stream(run) == (100, 0, len(data))
    loss = Series.objects.get(run=run, key="loss")
    assert (loss.count, loss.last, loss.last_step) == (100, 99, 99)
    assert keys(run)[:3] == ["l/0", "loss", "l/1"]
    assert len(keys(run)) == 101
    assert is_as_the_files_say(run)


def test_lines_that_bring_no_new_key_stay_together(
    stretches: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A program that logs many keys in each line: a stretch is as long as ever."""
    monkeypatch.setattr(parsing, "KEYS_AT_ONCE", 3)
    run = make_run()
    wide = {f"k{n}": n for n in range(9)}
    log(run, line(**wide) * 50)
    assert stretches == [9]
    log(run, line(loss=1) + line(**wide) + line(**wide) + line(loss=2) + b"bad\n")
    assert stretches == [9, 1, 9, 1]
    assert stream(run)[:2] == (55, 1)
    assert is_as_the_files_say(run)


def test_a_line_of_more_keys_than_a_statement_takes_stops_nobody() -> None:
    """SQLite takes 250,000 values in a statement, PostgreSQL 65,535: the stream was lost for ever."""
    run = make_run()
    many = ",".join(f'"{n:x}":1' for n in range(260_000))
    log(run, f'{{{many},"step":7}}\n'.encode() + line(loss=2))
    found = keys(run)
    assert found[:-1] == [f"{n:x}" for n in range(parsing.KEYS_OF_LINE)]
    assert found[-1] == "loss"
    assert Series.objects.get(run=run, key="0").last_step == 7
    assert stream(run)[:2] == (2, 1)
    assert is_as_the_files_say(run)


class TestAWriterOfTooManySeries:
    @pytest.fixture(autouse=True)
    def few(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(indexing, "SERIES_OF_WRITER", 3)

    def test_the_first_ones_are_kept_and_go_on(self) -> None:
        run = make_run()
        log(run, line(a=1) + line(a=2, b=2) + line(c=3, d=3, e=3) + line(f=4))
        assert keys(run) == ["a", "b", "c"]
        assert stream(run)[:2] == (4, 2)
        log(run, line(a=5, g=5) + line(a=6))
        assert Series.objects.get(run=run, key="a").count == 4
        assert keys(run) == ["a", "b", "c"]
        assert stream(run)[:2] == (6, 3)
        assert is_as_the_files_say(run)

    def test_a_line_lacks_once_whatever_it_lacks(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(parsing, "KEYS_OF_LINE", 4)
        run = make_run()
        log(run, line(a=1, b=1, c=1, d=1, e=1, f=1) + b"bad\n")
        assert stream(run)[:2] == (2, 2)

    def test_others_have_room_of_their_own(self) -> None:
        run = make_run()
        log(run, line(a=1, b=1, c=1, d=1))
        log(run, line(a=1, d=1), name="metrics.r1.jsonl")
        assert keys(run, "r1") == ["a", "d"]
        assert stream(run, "metrics.r1.jsonl")[1] == 0


def test_events_are_kept_in_small_transactions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(events, "LINES", 10)
    sizes: list[int] = []
    kept = Event.objects.bulk_create

    def counted(rows: list[Event], *, batch_size: int) -> list[Event]:
        sizes.append(len(rows))
        return kept(rows, batch_size=batch_size)

    monkeypatch.setattr(Event.objects, "bulk_create", counted)
    run = make_run()
    data = b"{}\n" * 34 + b"bad\n" + b'{"type": "te'
    log(run, data, name="events.jsonl")
    assert sizes == [10, 10, 10, 4]
    assert stream(run, "events.jsonl") == (35, 1, len(data) - 12)
    log(run, b'xt", "key": "last"}\n', name="events.jsonl")
    found = list(Event.objects.filter(run=run).order_by("index"))
    assert [each.index for each in found] == [*range(34), 35]
    assert found[-1].key == "last"
