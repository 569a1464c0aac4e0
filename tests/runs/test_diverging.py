"""A sender whose disk lost what the server has: the old bytes are kept aside, and the new ones are not lost."""

from hashlib import sha256
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from runs import diverging, selectors, storage, streams
from runs.diverging import Tail
from runs.errors import Diverged
from runs.models import Chunk, Event, Run
from tests.runs.factories import line, log, make_direct_run
from tests.site.asking import owner

pytestmark = pytest.mark.django_db

OLD = line(step=0, loss=3.0) + line(step=1, loss=2.0) + line(step=2, loss=9.0)
NEW = line(step=0, loss=3.0) + line(step=1, loss=7.5)


@pytest.fixture
def run(data_dir: Path) -> Run:
    found = make_direct_run()
    log(found, OLD)
    return found


def file_of(run: Run, name: str = "metrics.jsonl") -> Path:
    return storage.stream_path(run, 1, name)


def put(run: Run, body: bytes = b"", *, name: str = "metrics.jsonl", **query: Any) -> Any:
    path = f"/api/v1/runs/{run.key}/attempts/1/streams/{name}?{urlencode(query)}"
    return owner().put(path, body, content_type="application/octet-stream")


def claim(text: bytes) -> dict[str, Any]:
    """What a sender says who has this text."""
    return {"offset": len(text), "tail": len(text), "sha256": sha256(text).hexdigest()}


def test_whoever_has_the_same_bytes_goes_on(run: Run) -> None:
    more = line(step=3, loss=1.0)
    answer = put(run, more, **claim(OLD))
    assert (answer.status_code, answer.json()["size"]) == (200, len(OLD + more))
    assert put(run, **claim(OLD[:-20])).json()["size"] == len(OLD + more)  # it is behind, no more
    assert put(run, **claim(OLD + more + b"x")).json()["code"] == "offset_gap"


def test_other_bytes_are_told_and_nothing_is_changed_unasked(run: Run) -> None:
    answer = put(run, b"more", **claim(NEW))
    told = {"code": "diverged", "size": len(OLD)}
    assert (answer.status_code, answer.json()) == (409, answer.json() | told)
    assert file_of(run).read_bytes() == OLD
    assert selectors.series_of(run).get().count == 3


def test_asked_for_it_the_old_file_is_kept_and_the_stream_is_read_anew(run: Run) -> None:
    log(run, OLD, name="metrics.r1.jsonl")
    log(run, line(step=0, cpu=1.0), name="system.jsonl")
    assert put(run, restart=1, **claim(NEW)).json()["size"] == 0
    again = put(run, restart=1, **claim(NEW)).json()  # its answer was lost, say
    assert (again["code"], again["size"]) == ("offset_gap", 0)
    assert put(run, NEW, offset=0).json()["size"] == len(NEW)
    assert file_of(run).read_bytes() == NEW
    assert file_of(run).with_name("metrics.jsonl.1").read_bytes() == OLD
    found = {(each.writer, each.key): each for each in selectors.series_of(run)}
    assert {name: each.count for name, each in found.items()} == {
        ("", "loss"): 2,
        ("r1", "loss"): 3,
        ("system", "system/cpu"): 1,
    }
    assert (found["", "loss"].last, found["", "loss"].maximum) == (7.5, 7.5)
    assert Chunk.objects.filter(series=found["", "loss"]).count() == 1


def test_events_are_read_anew_and_those_of_another_writer_stay(run: Run) -> None:
    text = line(_idx=0, type="text", key="note", text="old")
    for name in ("events.jsonl", "events.r1.jsonl"):
        log(run, text, name=name)
    other = line(_idx=0, type="text", key="note", text="new")
    assert put(run, name="events.jsonl", restart=1, **claim(other)).json()["size"] == 0
    put(run, other, name="events.jsonl", offset=0)
    kept = {each.writer: each.body["text"] for each in Event.objects.all()}
    assert kept == {"": "new", "r1": "old"}


def test_files_that_are_kept_aside_have_an_end(run: Run) -> None:
    for number in range(diverging.MOST):
        file_of(run).with_name(f"metrics.jsonl.{number + 1}").touch()
    tail = Tail(len(NEW), sha256(NEW).hexdigest(), restart=True)
    with pytest.raises(Diverged, match="kept aside already"):
        streams.append(run, 1, "metrics.jsonl", offset=len(NEW), data=b"", tail=tail)
    assert file_of(run).read_bytes() == OLD


@pytest.mark.parametrize(
    "query",
    [
        {"offset": 5, "tail": 6, "sha256": "0" * 64},
        {"offset": 5, "tail": 0, "sha256": "0" * 64},
        {"offset": 5, "tail": -1, "sha256": "0" * 64},
        {"offset": 2**40, "tail": 2**40, "sha256": "0" * 64},
        {"offset": 5, "tail": "x", "sha256": "0" * 64},
        {"offset": 5, "tail": 5, "sha256": "zz"},
        {"offset": 5, "tail": 5},
    ],
)
def test_a_tail_that_makes_no_sense_is_refused(run: Run, query: dict[str, Any]) -> None:
    answer = put(run, restart=1, **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert file_of(run).read_bytes() == OLD
