"""Lines of a log for a terminal: those with a hit, and those since a moment."""

from typing import Any

import pytest
from django.test import Client

from runs import streams
from runs.logs import grepping, marks, searching
from runs.logs.reading import reading
from runs.models import Run
from tests.runs.factories import make_run
from whirr_site.access.principals import startup_secret

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("data_dir")]

LOG = b"loss 1\nepoch\n\x1b[1mloss\x1b[0m 2\r\nLoss 3\nno end, loss"


@pytest.fixture
def run() -> Run:
    """It wrote two lines, was silent for 33 s, and wrote the others some seconds ago."""
    run = make_run()
    streams.append(run, run.attempt, "output.log", offset=0, data=LOG)
    now = 2_000_000_000.0
    grown = marks.told(f"13-50000-51000_30-16000-17000_{len(LOG)}-15000-16000")
    marks.note(run, run.attempt, size=len(LOG), at=now, grown=grown)
    return run


def asked(client: Client, run: Run, what: str, **query: Any) -> Any:
    told = {"Authorization": f"Bearer {startup_secret()}"}
    return client.get(f"/api/v1/runs/{run.key}/log{what}", query, headers=told)


def lines(client: Client, run: Run, **query: Any) -> tuple[bytes, str, str]:
    answer = asked(client, run, "/search", **query)
    assert answer.status_code == 200
    return b"".join(answer), answer["X-Whirr-Shown"], answer["X-Whirr-Total"]


def test_lines_with_a_hit_come_as_they_were_written(client: Client, run: Run) -> None:
    every = b"loss 1\n\x1b[1mloss\x1b[0m 2\r\nLoss 3\nno end, loss\n"
    assert lines(client, run, q="LOSS") == (every, "4", "4")
    assert lines(client, run, q="Loss", case="1") == (b"Loss 3\n", "1", "1")
    assert lines(client, run, q="^loss [12]$", kind="regex")[0] == b"loss 1\n"
    assert lines(client, run, q="loss", tail=2) == (b"Loss 3\nno end, loss\n", "2", "4")
    assert lines(client, run, q="nothing") == (b"", "0", "0")
    since = 1_999_999_960.0  # in the silence
    assert lines(client, run, q="loss", since=since) == (every[7:], "3", "3")
    assert lines(client, run, q="loss", since=since, tail=9) == (every[7:], "3", "3")
    assert lines(client, run, q="loss", since=2_000_000_001) == (b"", "0", "0")


def test_what_is_left_out_is_told(
    client: Client, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(searching, "AROUND", 2)
    monkeypatch.setattr(grepping, "AROUND", 2)
    assert lines(client, run, q="loss")[1:] == ("2", "4")
    assert lines(client, run, q="loss", since=1_999_999_960.0)[1:] == ("2", "3")
    assert asked(client, run, "/search", q="loss", tail=3).status_code == 400
    monkeypatch.setitem(searching.search.__kwdefaults__ or {}, "patience", -1.0)
    answer = asked(client, run, "/search", q="loss")
    assert (answer["X-Whirr-Complete"], answer["X-Whirr-Searched"]) == ("0", "0")


def test_a_log_is_read_from_a_moment_on(client: Client, run: Run) -> None:
    for since, start in ((0, 0), (1_999_999_960, 13), (2_000_000_001, len(LOG))):
        answer = asked(client, run, "", since=since)
        assert (answer.content, answer["X-Whirr-Since"]) == (LOG[start:], "1")
    with reading(run, run.attempt) as log:
        assert grepping.offset_since(log, -20.0, now=2_000_000_000.0) == 13


@pytest.mark.parametrize(
    "query",
    [
        {}, {"q": ""}, {"q": "(", "kind": "regex"}, {"q": "a", "kind": "evil"}, {"q": "a" * 1001},
        {"q": "a", "tail": 0}, {"q": "a", "tail": "x"}, {"q": "a", "since": "nan"}, {"q": "a", "since": "inf"},
        {"q": "a", "since": "soon"}, {"q": "a\nb"}, {"q": "a", "attempt": 0},
    ],
)  # fmt: skip
def test_odd_questions_are_refused(query: dict[str, Any], client: Client, run: Run) -> None:
    assert asked(client, run, "/search", **query).status_code == 400


def test_there_may_be_no_times_no_attempt_no_log_and_no_permission(client: Client) -> None:
    run = make_run()
    assert lines(client, run, q="a", since=-5) == (b"", "0", "0")
    streams.append(run, run.attempt, "output.log", offset=0, data=b"a\n")
    refused = asked(client, run, "", since=-5)
    assert (refused.status_code, "no times" in refused.json()["detail"]) == (400, True)
    assert asked(client, run, "/search", q="a", since=-5).status_code == 400
    assert asked(client, run, "/search", q="a", attempt=9).status_code == 404
    assert client.get(f"/api/v1/runs/{run.key}/log/search?q=a").status_code in (401, 403)
