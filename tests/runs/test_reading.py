"""Runs through the API: lists, tags, series, records, the log and artifacts; and writing to them."""

import gzip
from typing import Any

import pytest

from runs import artifacts, selectors
from runs.models import Run
from tests.runs.factories import NOON, line, log, make_direct_run, make_run
from tests.site.asking import owner

pytestmark = pytest.mark.django_db


def get(path: str, **headers: str) -> Any:
    return owner().get(f"/api/v1/runs{path}", headers=headers)


class TestTags:
    HOSTILE = ('a"b', "a'b", "%", "_", "a\\b", "--", "ü", "true", "1", "a,b", "[", "null")

    @pytest.mark.parametrize("tag", HOSTILE)
    def test_a_tag_is_an_element_and_not_a_pattern(self, tag: str) -> None:
        tagged = make_run(tags=["x", tag])
        make_run(tags=[f"{tag}{tag}", "other"])
        make_run(tags=[])
        assert [*selectors.runs(tag=tag)] == [tagged]
        (told,) = owner().get("/api/v1/runs", {"tag": tag}).json()["runs"]
        assert told["id"] == tagged.key

    def test_it_can_be_negated_and_joined(self) -> None:
        both, one = make_run(tags=["a", "b"]), make_run(tags=["a"])
        assert [*Run.objects.filter(tags__has="a").filter(tags__has="b")] == [both]
        assert [*Run.objects.exclude(tags__has="b")] == [one]

    def test_a_tag_that_no_database_holds_is_refused(self) -> None:
        assert owner().get("/api/v1/runs", {"tag": "a\0"}).status_code == 400


def test_runs_are_listed_newest_first_and_narrowed() -> None:
    old, new = make_run(project="p"), make_run(attempt=0)
    assert [each["id"] for each in get("").json()["runs"]] == [new.key, old.key]
    assert [each["id"] for each in get("?status=pending").json()["runs"]] == [new.key]
    assert [each["id"] for each in get("?project=p&limit=1").json()["runs"]] == [old.key]
    assert get("?status=asleep").status_code == 400


def test_a_run_tells_its_job_and_a_direct_one_has_none() -> None:
    run, direct = make_run(), make_direct_run()
    assert get(f"/{run.key}").json()["job_id"] == int(run.key.removeprefix("job-"))
    told = get(f"/{direct.key}").json()
    assert (told["job_id"], told["kind"], told["status"]) == (None, "direct", "running")


def test_every_record_is_told_as_it_was_logged() -> None:
    run = make_run()
    log(run, b'{"loss": NaN, "deep": [1, {"x": -Infinity}], "t": "a"}\nbad\n{"loss": 2}\n{"torn')
    told = get(f"/{run.key}/metrics").json()
    first = {"loss": "NaN", "deep": [1, {"x": "-Infinity"}], "t": "a"}
    assert told == {"metrics": [first, {"loss": 2}], "count": 2}
    assert get(f"/{make_run(attempt=0).key}/metrics").json()["count"] == 0


def test_series_are_told_by_key_and_width() -> None:
    run = make_run()
    log(run, b"".join(line(step=step, loss=step, acc=1) for step in range(100)))
    (told,) = get(f"/{run.key}/series?keys=loss&width=10").json()["series"]
    assert (told["key"], told["count"], told["exact"]) == ("loss", 100, False)
    assert told["points"]["step"] == [*range(9, 100, 10)]
    assert len(get(f"/{run.key}/series").json()["series"]) == 2
    assert get(f"/{run.key}/series?attempt=2").json() == {"series": []}


@pytest.mark.parametrize(
    "query", ["series?width=9", "series?attempt=0", "log?limit=0", "log?attempt=" + "9" * 300]
)
def test_a_query_that_cannot_be_meant_is_refused(query: str) -> None:
    answer = get(f"/{make_run().key}/{query}")
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_the_log_comes_as_bytes_with_its_place() -> None:
    run = make_run()
    log(run, b"<script>\xff\x00", name="output.log")
    answer = get(f"/{run.key}/log?offset=-3")
    assert answer.content == b">\xff\x00"
    assert answer["content-type"] == "application/octet-stream"
    told = {name: answer[f"X-Whirr-{name}"] for name in ("Size", "Offset", "Attempt", "Final")}
    assert told == {"Size": "10", "Offset": "7", "Attempt": "1", "Final": "0"}


def test_an_artifact_is_always_a_download() -> None:
    run = make_run()
    page = b"<script>alert(1)</script>"
    artifacts.receive(run, 1, "a/page.html", offset=0, size=len(page), data=page, now=NOON)
    listed = get(f"/{run.key}/artifacts").json()
    assert [each["path"] for each in listed["artifacts"]] == ["a/page.html"]
    answer = get(f"/{run.key}/artifacts/a/page.html")
    assert b"".join(answer.streaming_content) == page
    assert answer["content-disposition"] == 'attachment; filename="page.html"'
    assert answer["content-type"] == "application/octet-stream"
    assert answer["content-security-policy"] == "sandbox; default-src 'none'"
    assert answer["x-content-type-options"] == "nosniff"
    answer.close()


@pytest.mark.parametrize(
    ("asked", "status", "part"),
    [
        ("bytes=2-4", 206, b"234"),
        ("bytes=7-", 206, b"789"),
        ("bytes=-3", 206, b"789"),
        ("bytes=0-99999", 206, b"0123456789"),
        ("bytes=-99", 206, b"0123456789"),
        ("bytes=10-", 416, b""),
        ("bytes=-0", 416, b""),
        ("bytes=4-2", 200, b"0123456789"),
        ("bytes=0-1,4-5", 200, b"0123456789"),
        ("bytes=-", 200, b"0123456789"),
        ("lines=0-1", 200, b"0123456789"),
    ],
)
def test_a_part_of_an_artifact_can_be_asked_for(asked: str, status: int, part: bytes) -> None:
    """A download that broke off goes on where it was."""
    run = make_run()
    artifacts.receive(run, 1, "x", offset=0, size=10, data=b"0123456789", now=NOON)
    answer = get(f"/{run.key}/artifacts/x", range=asked)
    assert answer.status_code == status
    assert answer.getvalue() == part
    if status == 206:
        first = b"0123456789".index(part)
        assert answer["content-range"] == f"bytes {first}-{first + len(part) - 1}/10"
    whole = get(f"/{run.key}/artifacts/x")
    assert whole.getvalue() == b"0123456789"
    unchanged = {"range": "bytes=2-4", "if-range": whole["etag"]}
    assert get(f"/{run.key}/artifacts/x", **unchanged).getvalue() == b"234"
    changed = get(f"/{run.key}/artifacts/x", **(unchanged | {"if-range": '"another"'}))
    assert (changed.status_code, changed.getvalue()) == (200, b"0123456789")


@pytest.mark.parametrize("path", ["../secret", "%2e%2e/secret", "..%2fsecret", "nope", "a%00b"])
def test_another_path_is_no_artifact(path: str) -> None:
    assert get(f"/{make_run().key}/artifacts/{path}").status_code in (400, 404)


class TestWriting:
    """The views for servers without ASGI; the hot path shares their functions."""

    def put(self, path: str, data: bytes = b"", **headers: str) -> Any:
        self.run = getattr(self, "run", None) or make_run(attempt=2)
        return owner().put(
            f"/api/v1/runs/{self.run.key}/attempts/{path}",
            data,
            content_type="application/octet-stream",
            headers=headers,
        )

    def test_a_stream_grows(self) -> None:
        assert self.put("2/streams/output.log?offset=0", b"abc").json()["size"] == 3
        packed = gzip.compress(b"def")
        told = self.put("2/streams/output.log?offset=3", packed, content_encoding="gzip").json()
        assert told["size"] == 6
        assert selectors.log_part(self.run).data == b"abcdef"

    def test_a_gap_is_409_with_the_size(self) -> None:
        answer = self.put("2/streams/output.log?offset=7", b"x")
        assert answer.status_code == 409
        assert (answer.json()["code"], answer.json()["size"]) == ("offset_gap", 0)

    @pytest.mark.parametrize(
        "path",
        ["streams/output.log?offset=0", "documents/meta.json", "artifacts/x?offset=0&size=2"],
    )
    def test_a_superseded_attempt_is_409(self, path: str) -> None:
        answer = self.put(f"1/{path}", b"{}")
        assert (answer.status_code, answer.json()["code"]) == (409, "lease_lost")

    @pytest.mark.parametrize(
        "path",
        [
            "streams/output.log",
            "streams/output.log?offset=x",
            "streams/output.log?offset=-1",
            "streams/secret?offset=0",
            "documents/meta.json",
            "documents/secret",
            "artifacts/x?offset=0",
            "artifacts/x?offset=0&size=" + "9" * 30,
            "artifacts/a%5cb?offset=0&size=1",
        ],
    )
    def test_what_cannot_be_meant_is_400(self, path: str) -> None:
        answer = self.put(f"2/{path}", b"x")
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")

    def test_a_body_beyond_the_limit_is_413(self) -> None:
        bomb = gzip.compress(b"\0" * 9_000_000)
        answer = self.put("2/streams/output.log?offset=0", bomb, content_encoding="gzip")
        assert (answer.status_code, answer.json()["code"]) == (413, "too_large")
