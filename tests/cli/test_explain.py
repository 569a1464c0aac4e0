"""whirr explain: the reasons first, then the workers; nothing of it can write to the terminal."""

import json
from typing import Any

from tests.cli.command import Whirr
from tests.cli.fake_server import FakeServer

ANSWER: dict[str, Any] = {
    "job_id": 7,
    "status": "queued",
    "summary": "waits for 2 GPUs: gpu-a has 1 free; 3 jobs are before it",
    "reasons": [
        {"code": "busy", "text": "waits for 2 GPUs: gpu-a has 1 free"},
        {"code": "fair_share", "text": "ada used 61 GPU-h lately"},
    ],
    "position": 4,
    "ahead": 3,
    "estimated_start": "2030-01-01T12:00:00Z",
    "estimate_basis": "a guess",
    "workers": [{"worker_id": "gpu-a\x1b[31m", "verdict": "busy", "text": "1 of 4 is free"}],
    "workers_more": 9,
}


def test_the_summary_comes_first_and_each_worker_has_a_line(
    there: Whirr, server: FakeServer
) -> None:
    server.refusal = (200, ANSWER)

    said = there("explain", "job-7", TZ="UTC")

    assert said.returncode == 0
    lines = said.stdout.splitlines()
    assert lines[0] == f"job 7 (queued): {ANSWER['summary']}"
    assert lines[1:4] == [
        "- ada used 61 GPU-h lately",
        "- place 4 in the queue",
        "- may start at 2030-01-01 12:00 (a guess)",
    ]
    assert lines[5:] == ["worker\tverdict\tin_words", "gpu-a [31m\tbusy\t1 of 4 is free"]
    assert "9 more workers" in said.stderr
    assert server.seen[-1] == "GET /api/v1/jobs/7/explain"


def test_programs_get_the_answer_as_it_is(there: Whirr, server: FakeServer) -> None:
    server.refusal = (200, ANSWER)

    assert json.loads(there("explain", "7", "--json").stdout) == ANSWER


def test_a_job_that_ended_needs_no_table(there: Whirr, server: FakeServer) -> None:
    told = {"summary": "completed", "status": "completed", "reasons": [], "workers": []}
    empty = {"position": None, "estimated_start": None, "estimate_basis": "", "workers_more": 0}
    server.refusal = (200, ANSWER | told | empty)

    assert there("explain", "7").stdout == "job 7 (completed): completed\n"


def test_what_nobody_can_say_is_said(there: Whirr, server: FakeServer) -> None:
    server.refusal = (200, ANSWER | {"estimated_start": None, "estimate_basis": "no history yet"})

    assert "nobody can say when it starts: no history yet" in there("explain", "7").stdout


def test_a_job_that_is_not_there(there: Whirr, server: FakeServer) -> None:
    server.refusal = (404, {"detail": "there is no job 7"})

    assert there("explain", "7").returncode == 5
