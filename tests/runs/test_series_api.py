"""Series over HTTP: many runs in one call, as JSON or as bytes; what is known is not sent again; limits are told."""

import json
import math
import struct
from typing import Any

import numpy as np
import pytest
from django.http import HttpResponse
from django.test import Client

from runs.models import Run
from runs.series import asking
from tests.runs.factories import line, log, make_run, series
from whirr_site.access import run_tokens
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db
URL = "/api/v1/series"


def get(query: dict[str, Any], *, token: str = "", **headers: str) -> Any:
    return Client().get(URL, query, headers=_headers(token) | headers)


def post(body: Any) -> Any:
    return Client().post(URL, json.dumps(body), content_type="application/json", headers=_headers())


def _headers(token: str = "") -> dict[str, str]:
    return {"Authorization": f"Bearer {token or startup_secret()}"}


def a_run(count: int = 3, *, start: int = 0) -> Run:
    run = make_run()
    stamp = "2030-01-01T12:00:{:02d}Z"
    log(
        run,
        b"".join(
            line(step=each, _timestamp=stamp.format(each % 60), loss=each / 10, acc=-each)
            for each in range(start, start + count)
        ),
    )
    return run


def decode(answer: HttpResponse) -> dict[str, Any]:
    """As docs/series.md shows it."""
    data = answer.content
    magic, length = struct.unpack_from("<8sI", data)
    assert magic == b"WHIRRSR1"
    header: dict[str, Any] = json.loads(data[12 : 12 + length])
    for each in header["series"]:
        each["points"] = {
            name: np.frombuffer(data, np.dtype(kind).newbyteorder("<"), count, 12 + length + offset)
            for name, (kind, offset, count) in each.pop("arrays").items()
        }
    return header


def test_several_runs_come_in_the_order_in_which_they_were_asked_for() -> None:
    runs = [a_run(), a_run(5), a_run(2)]
    asked = [runs[2].key, runs[0].key]
    told = get({"runs": ",".join([*asked, "job-99999999"]), "keys": "loss,acc"}).json()
    assert [(each["run"], each["key"]) for each in told["series"]] == [
        (asked[0], "acc"),
        (asked[0], "loss"),
        (asked[1], "acc"),
        (asked[1], "loss"),
    ]
    assert told["missing"] == ["job-99999999"]
    loss = told["series"][1]
    assert (loss["attempt"], loss["writer"], loss["count"], loss["exact"]) == (1, "", 2, True)
    assert loss["points"]["value"] == [0, 0.1]
    assert loss["points"]["count"] == [1, 1]


def test_a_post_asks_the_same_and_takes_keys_with_commas() -> None:
    run = a_run()
    log(run, line(**{"a,b": 5}))
    body = {"runs": [run.key], "keys": ["a,b"]}
    (told,) = post(body).json()["series"]
    assert (told["key"], told["last"]) == ("a,b", 5)
    assert (
        post({"runs": run.key, "keys": "loss"}).json()
        == get({"runs": run.key, "keys": "loss"}).json()
    )


@pytest.mark.parametrize(
    ("query", "steps", "x"),
    [
        ({}, [0, 1, 2], [0, 1, 2]),
        ({"from": 1}, [1, 2], [1, 2]),
        ({"from": 0.5, "to": 1.5}, [1], [1]),
        ({"from": 0.2, "to": 0.8, "neighbours": True}, [0, 1], [0, 1]),
        ({"from": 1, "to": 1, "neighbours": True}, [1], [1]),
        ({"from": 7, "neighbours": True}, [2], [2]),
        ({"x": "metric:acc", "from": -1.5, "to": -1.4, "neighbours": True}, [1, 2], [-1, -2]),
        ({"to": -5}, [], []),
        ({"x": "relative"}, [0, 1, 2], [0, 1, 2]),
        ({"x": "relative", "from": 2, "to": 2}, [2], [2]),
        ({"x": "time", "to": 1893499200}, [0], [1893499200]),
        ({"x": "metric:acc", "from": -1}, [0, 1], [0, -1]),
    ],
)
def test_a_range_of_each_x(query: dict[str, Any], steps: list[int], x: list[float]) -> None:
    run = a_run()
    (told,) = get({"runs": run.key, "keys": "loss"} | query).json()["series"]
    assert (told["points"]["step"], told["points"]["x"]) == (steps, x)
    (one,) = (
        Client()
        .get(f"/api/v1/runs/{run.key}/series", {"keys": "loss"} | query, headers=_headers())
        .json()["series"]
    )
    assert one == told


def test_ranks_are_told_apart_and_can_be_asked_for_alone() -> None:
    run = a_run()
    log(run, line(step=0, loss=7), name="metrics.r1.jsonl")
    told = get({"runs": run.key, "keys": "loss"}).json()["series"]
    assert [(each["writer"], each["count"]) for each in told] == [("", 3), ("r1", 1)]
    for writer, count in (("r1", 1), ("", 3)):
        (one,) = get({"runs": run.key, "keys": "loss", "writer": writer}).json()["series"]
        assert (one["writer"], one["count"]) == (writer, count)


@pytest.mark.parametrize("width", [10, 800])
@pytest.mark.parametrize("first", [0, 2**60])
def test_bytes_say_what_json_says(width: int, first: int) -> None:
    runs = [a_run(90, start=first), a_run(1)]
    odd = line(step=first + 200, loss=math.nan) + line(step=first + 201, loss=-math.inf)
    log(runs[0], odd + line(step=first + 202, loss=math.nan))
    query = {"runs": ",".join(run.key for run in runs), "width": width, "x": "relative"}
    answer = get(query | {"format": "binary"})
    assert answer["content-type"] == "application/vnd.whirr.series"
    found, told = decode(answer), get(query).json()
    assert found["missing"] == told["missing"] == []
    for mine, theirs in zip(found["series"], told["series"], strict=True):
        columns, points = mine.pop("points"), theirs.pop("points")
        assert mine == theirs
        words = {"NaN": math.nan, "-Infinity": -math.inf}
        for name, values in points.items():
            np.testing.assert_equal(
                columns[name].tolist(), [words.get(each, each) for each in values]
            )
        assert set(columns) == set(points)


def test_columns_lie_where_a_typed_array_can_use_them() -> None:
    runs = [a_run(count) for count in (1, 2, 3, 50)]
    data = get({"runs": ",".join(run.key for run in runs), "width": 10, "format": "binary"}).content
    (length,) = struct.unpack_from("<I", data, 8)
    assert (12 + length) % 8 == 0
    header = json.loads(data[12 : 12 + length])
    places = [place for each in header["series"] for place in each["arrays"].values()]
    assert all(offset % 8 == 0 for _, offset, _ in places)


def test_what_is_known_is_not_sent_again_until_it_changes() -> None:
    run = a_run()
    query = {"runs": run.key, "keys": "loss"}
    tag = get(query)["etag"]
    for known in (tag, f"W/{tag}", f'"x", {tag}', "*"):
        again = get(query, **{"If-None-Match": known})
        assert (again.status_code, again.content, again["etag"]) == (304, b"", tag)
    others: list[dict[str, Any]] = [{"width": 10}, {"from": 1}, {"x": "time"}]
    others += [{"format": "binary"}, {"keys": "acc"}]
    log(run, line(step=9, loss=1))
    fresh = get(query, **{"If-None-Match": tag})
    assert (fresh.status_code, fresh["etag"] != tag) == (200, True)


def test_a_new_point_of_the_metric_that_serves_as_x_is_a_change() -> None:
    run = a_run()
    log(run, line(step=0, epoch=1.0))
    query = {"runs": run.key, "keys": "loss", "x": "metric:epoch"}
    before = get(query)
    assert get(query, **{"If-None-Match": before["etag"]}).status_code == 304
    log(run, line(step=2, epoch=5.0))
    fresh = get(query, **{"If-None-Match": before["etag"]})
    assert (fresh.status_code, fresh["etag"] != before["etag"]) == (200, True)
    assert fresh.json()["series"][0]["points"]["x"] == [1, 1, 5]


@pytest.mark.parametrize(
    ("query", "said"),
    [
        ({}, "runs"),
        ({"runs": ""}, "runs"),
        ({"runs": ",".join(f"job-{n}" for n in range(501))}, "500 runs"),
        ({"keys": ",".join(f"k{n}" for n in range(501))}, "500 keys"),
        ({"x": "steps"}, "metric:<key>"),
        ({"x": "metric:"}, "metric:<key>"),
        ({"from": "x"}, "from"),
        ({"from": "nan"}, "from"),
        ({"to": "inf"}, "to"),
        ({"from": 2, "to": 1}, "behind"),
        ({"width": 9}, "width"),
        ({"width": 10_001}, "width"),
        ({"attempt": 0}, "attempt"),
        ({"format": "xml"}, "format"),
        ({"keys": "k" * 256}, "keys"),
    ],
)
def test_what_cannot_be_meant_is_refused(query: dict[str, Any], said: str) -> None:
    there = {"runs": a_run().key} if query and "runs" not in query else {}
    answer = get(there | query)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert said in answer.content.decode()


def test_more_keys_than_a_call_reads_are_refused() -> None:
    answer = post({"runs": [a_run().key], "keys": [f"k{n}" for n in range(501)]})
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert "at most 500 keys" in answer.json()["detail"]


@pytest.mark.parametrize("body", [[], "x", {"runs": 5}, {"runs": [5, {}]}, {"runs": {}}, None])
def test_bodies_that_cannot_be_meant_are_refused(body: Any) -> None:
    answer = post(body)
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize("name", ["SERIES_AT_ONCE", "BUCKETS_AT_ONCE"])
def test_more_than_an_answer_holds_is_refused_and_says_what_to_do(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, name, 1 if name == "SERIES_AT_ONCE" else 1000)
    run = a_run()
    answer = get({"runs": run.key})
    assert answer.status_code == 400
    assert "fewer" in answer.json()["detail"]
    assert get({"runs": run.key, "keys": "loss", "width": 1000}).status_code == 200


def test_a_jobs_own_token_reads_its_own_run_one_by_one_and_nothing_here() -> None:
    run = a_run()
    token = run_tokens.make(run.key, 1)
    answer = get({"runs": run.key}, token=token)
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    own = Client().get(f"/api/v1/runs/{run.key}/series", headers=_headers(token))
    assert len(own.json()["series"]) == 2


def test_a_nan_is_told_with_the_step_where_it_came_first() -> None:
    run = a_run()
    log(run, line(step=7, loss=math.nan))
    (told,) = get({"runs": run.key, "keys": "loss"}).json()["series"]
    assert (told["last"], told["nan_count"], told["first_nan_step"]) == ("NaN", 1, 7)
    assert series(run).first_step == 0
