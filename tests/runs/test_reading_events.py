"""Events and alerts through the API: filters, pages, and who may read what."""

from typing import Any

import pytest
from django.utils import timezone

from runs import logged
from runs.models import Event, Run
from tests.runs.factories import NOON, line, log, make_run
from tests.site.asking import job_of, owner

pytestmark = pytest.mark.django_db


def say(run: Run, *records: dict[str, Any], name: str = "events.jsonl") -> None:
    log(run, b"".join(line(**record) for record in records), name=name)


def get(path: str, **query: Any) -> Any:
    return owner().get(f"/api/v1{path}", query)


def events_of(run: Run, **query: Any) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = get(f"/runs/{run.key}/events", **query).json()["events"]
    return told


@pytest.fixture
def run() -> Run:
    run = make_run(name="mine")
    say(run, *({"type": "text", "key": f"k{n % 2}", "step": n, "text": str(n)} for n in range(5)))
    say(run, {"type": "alert", "title": "odd", "text": "t", "level": "error"})
    say(run, {"type": "text", "key": "k0", "text": "of one"}, name="events.r1.jsonl")
    return run


def test_an_event_is_told_with_everything(run: Run) -> None:
    (told,) = events_of(run, kind="alert")
    assert told == {
        **{"attempt": 1, "writer": "", "index": 5, "kind": "alert", "level": "error"},
        **{"key": "odd", "step": None, "time": 0.0},
        "body": {"title": "odd", "text": "t", "level": "error"},
    }


def test_they_are_narrowed_by_kind_key_writer_and_attempt(run: Run) -> None:
    assert [each["index"] for each in events_of(run, key="k1")] == [1, 3]
    assert [each["writer"] for each in events_of(run, key="k0", kind="text")] == ["", "", "", "r1"]
    assert len(events_of(run, writer="r1")) == 1
    assert len(events_of(run, writer="")) == 6
    assert events_of(run, attempt=2) == []


def test_pages_follow_each_other_while_the_run_goes_on(run: Run) -> None:
    seen: list[tuple[str, int]] = []
    cursor = ""
    for _ in range(10):
        page = get(f"/runs/{run.key}/events", limit=3, cursor=cursor).json()
        seen += [(each["writer"], each["index"]) for each in page["events"]]
        cursor = page["next_cursor"]
        if not cursor:
            break
        say(run, {"type": "text", "key": "late"}, name="events.r1.jsonl")
    assert seen == [*(("", n) for n in range(6)), *(("r1", n) for n in range(3))]


def test_a_page_carries_no_more_than_an_answer_can(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(logged, "HEAVIEST", 20)
    page = get(f"/runs/{run.key}/events").json()
    assert 0 < len(page["events"]) < 7
    assert page["next_cursor"]


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "video"},
        {"limit": 0},
        {"limit": 501},
        {"attempt": 0},
        {"attempt": "x"},
        {"cursor": "x"},
        {"cursor": "WyJldmVudHMiLCJhICdiIl0"},
        {"key": "k" * 256},
        {"key": "a\0b"},
        {"writer": "w" * 33},
    ],
)
def test_a_query_that_cannot_be_meant_is_refused(query: dict[str, Any], run: Run) -> None:
    answer = get(f"/runs/{run.key}/events", **query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_a_run_that_is_not_there_has_no_events() -> None:
    assert get("/runs/job-99999999/events").status_code == 404


class TestAlerts:
    def test_they_are_told_across_runs_newest_first(self, run: Run) -> None:
        other = make_run()
        say(other, {"type": "alert", "title": "second", "step": 4, "level": "warning"})
        told = get("/alerts").json()["alerts"]
        assert [each["title"] for each in told] == ["second", "odd"]
        assert told[1] | {"run_name": "mine", "run_id": run.key, "text": "t"} == told[1]
        assert [each["step"] for each in get("/alerts", level="warning").json()["alerts"]] == [4]

    def test_they_come_in_pages(self, run: Run) -> None:
        say(run, *({"type": "alert", "title": str(n)} for n in range(4)))
        first = get("/alerts", limit=3).json()
        rest = get("/alerts", limit=3, cursor=first["next_cursor"]).json()
        titles = [each["title"] for each in first["alerts"] + rest["alerts"]]
        assert titles == ["3", "2", "1", "0", "odd"]
        assert rest["next_cursor"] is None

    def test_only_what_was_raised_since_a_moment(self, run: Run) -> None:
        say(run, {"type": "alert", "title": "now", "_timestamp": NOON.isoformat()})
        for since, titles in (("2030-01-01T12:00:00Z", ["now"]), ("2030-01-01T12:00:01Z", [])):
            told = get("/alerts", since=since).json()["alerts"]
            assert [each["title"] for each in told] == titles

    def test_a_run_in_the_trash_is_left_out(self, run: Run) -> None:
        Run.objects.filter(pk=run.pk).update(trashed_at=timezone.now())
        assert get("/alerts").json()["alerts"] == []

    def test_a_job_reads_its_own_alone(self, run: Run) -> None:
        other = make_run()
        say(other, {"type": "alert", "title": "secret"})
        assert job_of(run.key).get("/api/v1/alerts").status_code == 403
        assert job_of(run.key).get(f"/api/v1/runs/{other.key}/events").status_code == 403
        assert job_of(run.key).get(f"/api/v1/runs/{run.key}/events").status_code == 200

    @pytest.mark.parametrize(
        "query", [{"level": "loud"}, {"since": "soon"}, {"cursor": "x"}, {"limit": "many"}]
    )
    def test_a_query_that_cannot_be_meant_is_refused(self, query: dict[str, Any]) -> None:
        answer = get("/alerts", **query)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_a_text_that_is_none_is_left_empty(self) -> None:
        run = make_run()
        say(run, {"type": "alert", "title": ["x"], "text": {"a": 1}})
        (told,) = get("/alerts").json()["alerts"]
        assert (told["title"], told["text"]) == ("", "")

    def test_the_newest_one_is_known_by_a_number_that_grows(self, run: Run) -> None:
        before = logged.newest_alert()
        say(run, {"type": "alert", "title": "a"})
        assert logged.newest_alert() > before > 0
        Event.objects.all().delete()
        assert logged.newest_alert() == 0
