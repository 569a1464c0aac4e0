"""What the log viewer is given: torn by nothing, nothing twice, nothing left out in silence."""

import gzip
import os

import pytest
from django.test import Client

from dashboard.logs import answers, downloads, failure, text
from dashboard.logs.answers import Window
from dashboard.logs.following import following
from runs import storage, streams
from runs.errors import NotFound
from runs.models import Run, RunStatus
from tests.dashboard.conftest import begin, run_of, say
from tests.jobs.factories import NOON

# About files and words: another database changes nothing.
pytestmark = [pytest.mark.django_db, pytest.mark.sqlite]


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_character_whose_end_has_not_come_yet_waits_for_it(cut: int) -> None:
    data = "aé€😀z".encode()

    first, used = text.whole_characters(data[:cut], final=False)
    rest, _ = text.whole_characters(data[used:], final=True)

    assert first + rest == "aé€😀z"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert text.whole_characters(b"ok \xff\xfe ok", final=False) == ("ok �� ok", 8)
    assert text.whole_characters(b"end\xe2\x82", final=True) == ("end�", 5)


def wrote(data: bytes) -> Run:
    """A running run with this output."""
    attempt = begin()
    if data:
        say(attempt, data)
    return run_of(attempt)


def test_windows_meet_without_a_gap_and_have_the_numbers_of_the_raw_log() -> None:
    expected = [f"line {number}" for number in range(1, 3001)]
    run = wrote(("\n".join(expected) + "\n").encode())

    seen: list[str] = []
    while len(seen) < 3000:
        part = answers.lines(run, attempt=1, window=Window(len(seen) + 1, 700))
        assert part["from"] == len(seen) + 1
        seen += part["lines"]
    end = answers.lines(run, attempt=1, window=Window(tail=500))

    assert seen == expected
    assert (end["from"], end["lines"][0]) == (2001 - 64, "line 1937")
    assert (end["lines"][-1], end["end"], end["open"]) == ("line 3000", end["size"], False)


def test_a_follower_goes_on_where_the_window_ended_also_within_a_line_and_a_character() -> None:
    attempt = begin()
    say(attempt, b"one\ntw\xc3")
    window = answers.lines(run_of(attempt), attempt=1, window=Window(tail=500))
    assert (window["lines"], window["open"], window["end"]) == (["one", "tw"], True, 6)

    say(attempt, b"\xb6\nthree\n")
    push = following(run_of(attempt), attempt=1, offset=window["end"])

    assert (push.text, push.line, push.count, push.offset, push.end) == ("ö\nthree\n", 2, 3, 6, 15)
    again = following(run_of(attempt), attempt=1, offset=push.end)
    assert (again.text, again.line) == ("", 3)


def test_a_follower_too_far_behind_gets_the_end_and_is_told() -> None:
    attempt = begin()
    say(attempt, b"x" * 99 + b"\n")
    say(attempt, (b"y" * 99 + b"\n") * 10_000)

    part = following(run_of(attempt), attempt=1, offset=100)

    assert part.skipped > 800_000
    assert part.end == part.size == 1_000_100
    assert part.text.startswith("yyy")
    assert part.line == 10_001 - part.text.count("\n") + 1


def test_one_endless_line_is_followed_in_bounded_parts() -> None:
    run = wrote("€".encode() * 80_000)

    seen, offset = "", 0
    for _ in range(10):
        part = following(run, attempt=1, offset=offset)
        seen, offset = seen + part.text, part.end

    assert seen == "€" * 80_000


def test_a_log_that_became_shorter_is_told_to_its_follower() -> None:
    run = wrote(b"a long line\n" * 10)
    storage.stream_path(run, 1, "output.log").write_bytes(b"new\n")

    part = following(run, attempt=1, offset=120)

    assert (part.anew, part.end, part.text) == (True, 4, "")


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_log_that_is_no_plain_file_is_not_shown_and_the_page_says_why(
    kind: str, browser: Client
) -> None:
    """A job on a shared disk may put what it likes in the place of its log: a link to a file of the server's."""
    run = wrote(b"log\n")
    assert b"".join(browser.get(f"/runs/{run.key}/output.log")) == b"log\n"
    path = storage.stream_path(run, 1, "output.log")
    secret = path.with_name("secret")
    secret.write_text("the server's own\n")
    path.unlink()
    if kind == "link":
        path.symlink_to(secret)
    else:
        os.mkfifo(path)
    Run.objects.update(status=RunStatus.FAILED, finished_at=NOON)

    with pytest.raises(NotFound, match="plain file"):
        downloads.raw(run, attempt=1)
    assert browser.get(f"/runs/{run.key}/output.log").status_code == 404
    assert browser.get(f"/runs/{run.key}/").status_code == 200
    told = browser.get(f"/runs/{run.key}/log/lines?tail=500").json()
    assert "link or a pipe" in told["unreadable"]
    assert told["lines"] == []
    assert "plain file" in browser.get(f"/runs/{run.key}/log/search?q=own").json()["refused"]
    assert failure.last_words(run, attempt=1, count=20) == []


TRACE = (
    "Traceback (most recent call last):\n  File x, line 1\n    f()\n"
    "torch.OutOfMemoryError: CUDA out of memory\n"
)
OF_RANKS = (
    "[rank1]: Traceback (most recent call last):\n[rank1]:   File x\n[rank1]: ValueError: bad\n"
    "Traceback (most recent call last):\n  File y\n"
    "torch.distributed.elastic.multiprocessing.errors.ChildFailedError: \n===\n"
)


@pytest.mark.parametrize(
    ("log", "line", "raised", "said"),
    [
        ("epoch 1\n\x1b[31m" + TRACE + "\x1b[0m", 2, 5, "torch.OutOfMemoryError: CUDA out of memory"),
        (TRACE.replace("\n", "\r\n") + "bye\r\n", 1, 4, "torch.OutOfMemoryError: CUDA out of memory"),
        (OF_RANKS, 1, 3, "ValueError: bad"),
        (f"a\n{TRACE}\nDuring handling of that\n\n{TRACE}", 9, 12, "torch.OutOfMemoryError: CUDA out of memory"),
        ("ok\n10 %\r20 %\rERROR disk is full\nbye", 2, 2, "ERROR disk is full"),
        ("Segmentation fault (core dumped)\n", 1, 1, "Segmentation fault (core dumped)"),
        ("x\n" * 100_000 + TRACE, 100_001, 100_004, "torch.OutOfMemoryError: CUDA out of memory"),
        ("x\nTraceback (most recent call last):\n  File cut", 2, 2, "Traceback (most recent call last):"),
    ],
)  # fmt: skip
def test_a_failure_is_found_where_it_was_raised(
    log: str, line: int, raised: int, said: str
) -> None:
    wrong = failure.failure(wrote(log.encode()), attempt=1)
    assert wrong == failure.Failure(line, raised, said)


@pytest.mark.parametrize("log", [b"", b"all is well\n", b"\xff\xfe\0\n" * 10])
def test_no_failure_is_made_up(log: bytes) -> None:
    assert failure.failure(wrote(log), attempt=1) is None


def test_the_last_words_begin_at_the_traceback() -> None:
    run = wrote(
        b"epoch 1\n\x1b[31mTraceback (most recent call last):\n  File x\nValueError\x1b[0m\n"
    )
    lines = failure.last_words(run, attempt=1, count=20)
    assert lines == ["Traceback (most recent call last):", "  File x", "ValueError"]
    assert failure.last_words(wrote(b"a\nb\nc\n"), attempt=1, count=2) == ["b", "c"]


def test_hits_come_with_their_lines_and_those_around_them(browser: Client) -> None:
    run = wrote(b"one\n\x1b[31mtwo\x1b[0m is it\nthree\nTWO\n")

    found = browser.get(f"/runs/{run.key}/log/search?q=two").json()

    assert (found["total"], found["numbers"], found["complete"]) == (2, [2, 4], True)
    assert found["hits"][0] == {
        "line": 2,
        "text": "two is it",
        "spans": [[0, 3]],
        "above": ["one"],
        "below": ["three"],
    }
    assert found["hits"][1] == {
        "line": 4,
        "text": "TWO",
        "spans": [[0, 3]],
        "above": ["three"],
        "below": [],
    }
    errors = browser.get(f"/runs/{run.key}/log/search?kind=errors").json()
    assert errors["total"] == 0


def test_the_survey_says_where_to_look(browser: Client) -> None:
    run = wrote(b"::group::Install\npip\n::endgroup::\nWARNING x\n" + TRACE.encode())
    running = browser.get(f"/runs/{run.key}/log/survey").json()
    Run.objects.update(status=RunStatus.FAILED, finished_at=NOON)
    failed = browser.get(f"/runs/{run.key}/log/survey").json()

    assert running["buckets"] == [[4, 0, 1], [5, 1, 0], [8, 1, 0]]
    group = {"kind": "group", "first": 1, "last": 3, "title": "Install", "wanted": False}
    assert running["folds"] == [group]
    assert running["complete"] is True
    assert running["failure"] is None
    assert failed["failure"] == {
        "line": 5,
        "error_line": 8,
        "text": "torch.OutOfMemoryError: CUDA out of memory",
    }


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ("lines?from=x", 404), ("lines?from=-1", 404), ("lines?count=0", 400), ("lines?count=2001", 400),
        ("lines?tail=1001", 400), ("lines?tail=0", 400), ("lines?attempt=9", 404), ("lines?from=999999999999", 200),
        ("search", 200), ("search?q=(&kind=regex", 200), ("search?q=a&kind=evil", 200), ("search?q=a&near=x", 404),
        ("search?q=" + "a" * 1001, 200), ("search?q=%ff", 200), ("survey?attempt=0", 404),
        ("survey?rank=x", 400), ("survey?rank=99999", 400), ("search?q=a&rank=x", 200), ("spans?q=a&rank=x", 400),
        ("spans", 400), ("spans?q=(&kind=regex", 400), ("spans?q=a&kind=evil", 400), ("spans?q=a&count=0", 400),
        ("spans?q=a&from=x", 404), ("spans?q=a&attempt=9", 404), ("spans?q=a&from=999999999999", 200),
    ],
)  # fmt: skip
def test_odd_questions_are_answered(query: str, status: int, browser: Client) -> None:
    run = wrote(b"a\n")
    answer = browser.get(f"/runs/{run.key}/log/{query}")
    assert answer.status_code == status
    if status == 400:
        assert answer.json()["code"] == "invalid"


def test_where_the_hits_of_some_lines_are(browser: Client) -> None:
    """A page that draws line 2 and behind it asks for those; what is left out of an answer is asked for again."""
    run = wrote(b"loss 1\nloss 22\n\x1b[1mno\x1b[0m loss 3\n" + b"x" * 3_000_000 + b"\nloss 4\n")
    address = f"/runs/{run.key}/log/spans?kind=regex&q=loss+%5Cd&from="
    assert browser.get(f"{address}2").json() == {
        "spans": {"2": [[0, 6]], "3": [[3, 6]], "5": [[0, 6]]},
        "until": 6,
    }
    assert browser.get(f"{address}1&count=1").json() == {"spans": {"1": [[0, 6]]}, "until": 2}


@pytest.mark.parametrize("query", ["", "q=(&kind=regex", "q=a&kind=evil", "q=" + "a" * 1001])
def test_a_search_that_cannot_be_made_says_why(query: str, browser: Client) -> None:
    """Not as a failed request: while somebody types an expression, most of it is none yet."""
    run = wrote(b"a\n")
    assert list(browser.get(f"/runs/{run.key}/log/search?{query}").json()) == ["refused"]


def test_a_run_that_has_not_begun_has_an_empty_log(browser: Client) -> None:
    run = wrote(b"")
    Run.objects.update(attempt=0, status=RunStatus.PENDING)
    told = browser.get(f"/runs/{run.key}/log/lines?tail=500").json()
    assert (told["lines"], told["count"], told["size"], told["end"]) == ([], 0, 0, 0)
    assert browser.get(f"/runs/{run.key}/log/survey").json()["buckets"] == []
    assert browser.get("/runs/job-99/log/lines").status_code == 404


def test_the_log_is_kept_raw_stamped_and_packed(browser: Client) -> None:
    attempt = begin()
    run = run_of(attempt)
    raw = "één\r50 %\r\nno end".encode()
    streams.append(run, 1, "output.log", offset=0, data=raw, now=NOON)
    address = f"/runs/{run.key}/output.log"

    stamped = browser.get(address + "?stamps=1")
    packed = browser.get(address + "?gz=1")

    assert b"".join(browser.get(address)) == raw
    assert gzip.decompress(b"".join(packed)) == raw
    stamp = f"{NOON:%Y-%m-%dT%H:%M:%S}.00Z "
    assert b"".join(stamped).decode() == f"{stamp}één\r50 %\r\n{stamp}no end"
    assert stamped["Content-Disposition"] == f'attachment; filename="{run.key}-attempt-1-times.log"'
    assert packed["Content-Disposition"] == f'attachment; filename="{run.key}-attempt-1.log.gz"'
    lines = browser.get(f"/runs/{run.key}/log/lines?tail=500").json()
    assert lines["times"] == [NOON.timestamp()] * 2


def test_a_log_that_nobody_saw_grow_has_no_times(browser: Client) -> None:
    run = wrote(b"a\nb\n" * 600_000)
    assert browser.get(f"/runs/{run.key}/log/lines?tail=500").json()["times"] is None
    stamped = b"".join(browser.get(f"/runs/{run.key}/output.log?stamps=1"))
    assert stamped == b"- a\n- b\n" * 600_000
