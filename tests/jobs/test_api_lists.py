"""Lists: filters, pages by opaque cursors, and answers written by hand that agree with their serializers."""

import base64
import json
from typing import Any

import pytest

from tests.jobs.factories import cancel, claim, finish, make_job, make_worker
from tests.jobs.test_api_verbs import make_array, said
from tests.site.asking import owner

pytestmark = pytest.mark.django_db


def get(path: str, **query: Any) -> dict[str, Any]:
    answer = owner().get(f"/api/v1/{path}", query)
    assert answer.status_code == 200, answer.content
    told: dict[str, Any] = answer.json()
    return told


def found(**query: Any) -> list[int]:
    return [job["id"] for job in get("jobs", **query)["jobs"]]


class TestFilters:
    def test_each_finds_its_jobs(self) -> None:
        mine = make_job(project="p", tags=["t"], user="eve", name="n", priority=1)
        make_job(project="pp", tags=["tt"], user="ada", name="nn")
        claim(make_worker("node7"))
        for query in (
            {"project": "p"},
            {"tag": "t"},
            {"user": "eve"},
            {"name": "n"},
            {"worker": "node7"},
            {"status": "running", "user": "eve"},
        ):
            assert found(**query) == [mine.pk], query

    def test_an_array_is_named_with_or_without_its_letter(self) -> None:
        members = make_array()
        make_array()
        numbers = [job.pk for job in members][::-1]
        assert found(array=f"A{members[0].array_id}") == numbers
        assert found(array=members[0].array_id) == numbers
        assert found(array="A404") == []

    def test_an_empty_filter_narrows_nothing(self) -> None:
        job = make_job()
        names = ("project", "tag", "user", "name", "worker", "status", "cursor")
        assert found(**dict.fromkeys(names, "")) == [job.pk]

    @pytest.mark.parametrize(
        "query",
        [
            {"array": "B1"},
            {"array": "9" * 19},
            {"tag": "\0"},
            {"project": "x" * 101},
            {"user": "x" * 151},
            {"name": "x" * 256},
            {"worker": "x" * 129},
            {"cursor": "x"},
            {"limit": 10**30},
        ],
    )
    def test_what_cannot_be_meant_is_refused_by_name(self, query: dict[str, Any]) -> None:
        answer = owner().get("/api/v1/jobs", query)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(query))


def fill(path: str) -> None:
    """Seven rows of that list."""
    for number in range(7):
        if path == "workers":
            make_worker(f"n\u00f6de {number}")
        else:
            make_job()


LISTS = ["jobs", "runs", "workers"]
NO_PLACES: list[Any] = [
    ["other", 7],
    ["jobs", -1],
    ["jobs", 2**63],
    ["jobs", True],
    ["jobs", 1.5],
    ["jobs", None],
    ["workers", 7],
    ["workers", "a\0"],
    ["workers", "x" * 129],
    ["runs", "7"],
    ["runs", 10**100],
    "jobs",
    7,
    None,
    {},
    ["jobs"],
]


@pytest.mark.parametrize("path", LISTS)
class TestCursors:
    def walk(self, path: str, limit: int) -> list[Any]:
        ids: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            told = get(path, limit=limit, cursor=cursor)
            ids += [row["id"] for row in told[path]]
            assert len(told[path]) <= limit
            cursor = told["next_cursor"]
        return ids

    @pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
    def test_they_lead_through_the_whole_list_once(self, path: str, limit: int) -> None:
        fill(path)
        whole = [row["id"] for row in get(path)[path]]
        assert len(whole) == 7
        assert self.walk(path, limit) == whole

    def test_the_end_has_none(self, path: str) -> None:
        fill(path)
        assert get(path, limit=7)["next_cursor"] is None
        assert get(path)["next_cursor"] is None

    def test_they_are_safe_in_an_address(self, path: str) -> None:
        fill(path)
        cursor = get(path, limit=1)["next_cursor"]
        assert set(cursor) <= set(
            "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
        )

    @pytest.mark.parametrize(
        "cursor",
        [
            "x",
            "!!!!",
            "ünï",
            "=",
            "a" * 1001,
            "W" * 999,
            base64.urlsafe_b64encode(b"[" * 600).decode(),
            *(base64.urlsafe_b64encode(json.dumps(told).encode()).decode() for told in NO_PLACES),
        ],
    )
    def test_a_bad_one_is_refused(self, path: str, cursor: str) -> None:
        answer = owner().get(f"/api/v1/{path}", {"cursor": cursor})
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["cursor"])


def test_a_cursor_of_another_list_is_refused() -> None:
    for _ in range(2):
        make_job()
    cursor = get("jobs", limit=1)["next_cursor"]
    assert owner().get("/api/v1/runs", {"cursor": cursor}).status_code == 400


def test_new_jobs_do_not_shift_the_pages() -> None:
    """An OFFSET would show a job twice when another one came in meanwhile."""
    old = [make_job().pk for _ in range(4)]
    first = get("jobs", limit=2)
    make_job()
    rest = get("jobs", limit=10, cursor=first["next_cursor"])
    assert [job["id"] for job in first["jobs"] + rest["jobs"]] == old[::-1]


def test_a_cursor_goes_with_filters() -> None:
    wanted = [make_job(project="p").pk for _ in range(3)][::-1]
    make_job()
    first = get("jobs", project="p", limit=2)
    rest = get("jobs", project="p", limit=2, cursor=first["next_cursor"])
    assert [job["id"] for job in first["jobs"] + rest["jobs"]] == wanted


class TestEvents:
    def test_they_tell_the_story_in_pages(self) -> None:
        job, worker = make_job(), make_worker()
        said(f"{job.pk}/hold")
        said(f"{job.pk}/release")
        finish(claim(worker))
        told: list[Any] = []
        cursor: str | None = ""
        while cursor is not None:
            page = get(f"jobs/{job.pk}/events", limit=2, cursor=cursor)
            told, cursor = told + page["events"], page["next_cursor"]
        assert [event["kind"] for event in told] == [
            *("submitted", "held", "unheld", "claimed", "completed")
        ]
        assert (told[1]["actor"], told[4]["reason"], told[4]["attempt"]) == ("owner", "ok", 1)
        assert told[0]["at"] == "2030-01-01T12:00:00Z"

    def test_they_are_of_that_job_alone(self) -> None:
        first, second = make_job(), make_job()
        cancel(second)
        assert [each["kind"] for each in get(f"jobs/{first.pk}/events")["events"]] == ["submitted"]

    @pytest.mark.parametrize("number", ["404", "99999999999999999999"])
    def test_those_of_an_unknown_job_are_404(self, number: str) -> None:
        assert owner().get(f"/api/v1/jobs/{number}/events").status_code == 404

    @pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 501}, {"cursor": "x"}])
    def test_a_query_that_cannot_be_meant_is_refused(self, query: dict[str, Any]) -> None:
        answer = owner().get(f"/api/v1/jobs/{make_job().pk}/events", query)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, list(query))
