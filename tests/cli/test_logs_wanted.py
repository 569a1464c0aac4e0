"""whirr logs: the lines that somebody wants of it, against the real API."""

import subprocess
from datetime import UTC, datetime
from pathlib import Path

import click
import pytest
from django.utils import timezone
from pytest_django.live_server_helper import LiveServer

from jobs import requirements
from jobs.models import Job
from runs import streams
from runs.logs import grepping, marks, searching
from runs.models import Run
from tests.cli.command import Call
from tests.jobs.factories import claim, make_job, make_worker
from whirr.cli import values
from whirr_site.access.principals import startup_secret

pytestmark = pytest.mark.django_db(transaction=True)

LOG = b"loss 1\nepoch\n\x1b[1mloss\x1b[0m 2\nLoss 3\n"


@pytest.fixture
def job(data_dir: Path) -> Job:
    """It wrote two lines a minute ago, and two just now."""
    requirements.forget()
    make_job()
    attempt = claim(make_worker("node1", now=timezone.now()), now=timezone.now())
    run = Run.objects.get(job=attempt.job_id)
    grown = marks.told(f"13-60000-61000_{len(LOG)}-2000-3000")
    streams.append(run, 1, "output.log", offset=0, data=LOG, now=timezone.now(), grown=grown)
    return attempt.job


def test_logs_that_are_wanted(
    job: Job, live_server: LiveServer, quick: Call, monkeypatch: pytest.MonkeyPatch
) -> None:
    def logs(*options: str) -> "subprocess.CompletedProcess[str]":
        there = {"WHIRR_SERVER_URL": live_server.url, "WHIRR_TOKEN": startup_secret()}
        return quick("logs", str(job.pk), *options, **there)

    late = "\x1b[1mloss\x1b[0m 2\nLoss 3\n"
    assert logs("--grep", "loss|epo").stdout == "loss 1\nepoch\n\x1b[1mloss\x1b[0m 2\n"
    assert logs("--grep", "LOSS", "-i", "--since", "30s").stdout == late
    assert logs("--since", "30s").stdout == late
    assert logs("--since", "30s", "--tail", "9").stdout == late
    assert logs("--since", "30s", "--tail", "1").stdout == "Loss 3\n"
    assert logs("--since", "2031-01-01T00:00Z").stdout == ""
    none = logs("--grep", "nothing")
    assert (none.returncode, none.stdout, none.stderr) == (0, "", "whirr: no line has it\n")
    last = logs("--grep", "loss", "--tail", "1")
    assert last.stdout == "\x1b[1mloss\x1b[0m 2\n"
    assert last.stderr == "whirr: 2 lines have it, the last 1 are shown\n"
    with monkeypatch.context() as patch:
        patch.setattr(searching, "PATIENCE", -1.0)
        assert "came back to line 5, and 0 lines" in logs("--grep", "loss", "--tail", "1").stderr
    monkeypatch.setattr(searching, "AROUND", 1)
    monkeypatch.setattr(grepping, "AROUND", 1)
    some = logs("--grep", "loss")
    assert some.stdout == "loss 1\n"
    assert some.stderr == "whirr: 2 lines have it, the first 1 are shown; --tail N: the last\n"
    for wrong, why in (
        (["--grep", "(?=x)"], "look-around"), (["--grep", "x", "--follow"], "looks once"), (["-i"], "--grep"),
        (["--grep", ""], "something"), (["--since", "soon"], "is no time"),
        (["--grep", "x", "--tail", "2"], "last 1 to 1"),
    ):  # fmt: skip
        refused = logs(*wrong)
        assert (refused.returncode, why in refused.stderr) == (2, True), refused.stderr


def test_times_as_people_write_them() -> None:
    since = values.Since()
    ten = datetime(2026, 11, 22, 10, tzinfo=UTC).timestamp()
    assert since.convert("10m", None, None) == -600
    assert since.convert("2026-11-22T10:00Z", None, None) == ten
    assert since.convert("2026-11-22T12:00+02:00", None, None) == ten
    assert since.convert("2026-11-22 10:00", None, None) == datetime(2026, 11, 22, 10).timestamp()  # noqa: DTZ001
    for text in ("", "soon", "-5m", "0s", "2026-13-01", "99999-01-01"):
        with pytest.raises(click.UsageError):
            since.convert(text, None, None)
