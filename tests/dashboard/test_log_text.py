"""Text is cut where no character is torn, and nothing is shown twice or left out in silence."""

import os

import pytest
from django.test import Client

from dashboard import log_text
from runs import storage
from runs.errors import NotFound
from tests.dashboard.conftest import begin, run_of, say

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("cut", range(1, 12))
def test_a_character_whose_end_has_not_come_yet_waits_for_it(cut: int) -> None:
    data = "aé€😀z".encode()

    text, used = log_text.whole_characters(data[:cut], final=False)
    rest, _ = log_text.whole_characters(data[used:], final=True)

    assert text + rest == "aé€😀z"


def test_bytes_that_are_no_text_are_shown_as_such() -> None:
    assert log_text.whole_characters(b"ok \xff\xfe ok", final=False) == ("ok �� ok", 8)
    assert log_text.whole_characters(b"end\xe2\x82", final=True) == ("end�", 5)


def test_windows_meet_without_a_gap_and_begin_at_a_line() -> None:
    attempt = begin()
    lines = [f"line {n}\n" for n in range(20_000)]
    say(attempt, "".join(lines).encode())

    end = log_text.earlier(run_of(attempt), attempt=1)
    before = log_text.earlier(run_of(attempt), attempt=1, before=end.offset)

    assert end.text.startswith("line ")
    assert before.end == end.offset
    assert "".join(lines).endswith(before.text + end.text)


def test_a_follower_too_far_behind_gets_the_end_and_is_told() -> None:
    attempt = begin()
    say(attempt, b"x" * 99 + b"\n")
    say(attempt, (b"y" * 99 + b"\n") * 10_000)

    part = log_text.following(run_of(attempt), attempt=1, offset=100)

    assert part.skipped > 800_000
    assert part.end == part.size == 1_000_100
    assert part.text.startswith("yyy")


def test_one_endless_line_is_followed_in_bounded_parts() -> None:
    attempt = begin()
    say(attempt, "€".encode() * 80_000)

    seen, offset = "", 0
    for _ in range(10):
        part = log_text.following(run_of(attempt), attempt=1, offset=offset)
        seen, offset = seen + part.text, part.end

    assert seen == "€" * 80_000


@pytest.mark.parametrize("kind", ["link", "pipe"])
def test_a_raw_log_that_is_no_plain_file_is_refused(kind: str, browser: Client) -> None:
    """A job on a shared disk may put what it likes in the place of its log: a link to a file of the server's."""
    attempt = begin()
    run = run_of(attempt)
    say(attempt, b"log\n")
    assert b"".join(browser.get(f"/runs/{run.key}/output.log")) == b"log\n"
    path = storage.stream_path(run, 1, "output.log")
    secret = path.with_name("secret")
    secret.write_text("the server's own\n")
    path.unlink()
    if kind == "link":
        path.symlink_to(secret)
    else:
        os.mkfifo(path)

    with pytest.raises(NotFound, match="plain file"):
        log_text.raw(run, attempt=1)
    assert browser.get(f"/runs/{run.key}/output.log").status_code == 404


def test_a_failure_opens_at_its_traceback() -> None:
    attempt = begin()
    say(
        attempt,
        b"epoch 1\n\x1b[31mTraceback (most recent call last):\n  File x\nValueError\x1b[0m\n",
    )

    lines = log_text.last_lines(run_of(attempt), attempt=1, count=20)

    assert lines == ["Traceback (most recent call last):", "  File x", "ValueError"]
