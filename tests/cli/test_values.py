"""Option values as people type them, and what the commands compute from answers."""

from datetime import UTC, datetime
from typing import Any

import click
import pytest

from whirr.cli import jobs, output, place, values
from whirr.cli.commands import worker
from whirr.cli.commands.logs import last_lines
from whirr.cli.place import Place
from whirr.stack.folder import Folder

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("90s", 90),
        ("15m", 900),
        ("2h", 7200),
        ("1H30M", 5400),
        ("1.5h", 5400),
        ("1d", 86400),
    ],
)
def test_durations(text: str, seconds: int) -> None:
    assert values.Duration().convert(text, None, None) == seconds


@pytest.mark.parametrize("text", ["USR1", "SIGUSR1", "sigusr1", " usr1 "])
def test_signals(text: str) -> None:
    assert values.StopSignal().convert(text, None, None) == "SIGUSR1"


@pytest.mark.parametrize("text", ["", "KILL", "SIGSTOP", "10", "USR3"])
def test_signals_that_save_nothing(text: str) -> None:
    with pytest.raises(click.BadParameter, match="TERM, INT, USR1, USR2, HUP"):
        values.StopSignal().convert(text, None, None)


@pytest.mark.parametrize("text", ["", "h", "1y", "-5", "2 h", "1e3", "0.5s", "\u0663s"])
def test_what_is_no_duration(text: str) -> None:
    with pytest.raises(click.BadParameter):
        values.Duration().convert(text, None, None)


@pytest.mark.parametrize(
    ("text", "megabytes"),
    [
        ("24", 24576),
        ("24G", 24576),
        ("24GiB", 24576),
        ("24gb", 24576),
        ("512M", 512),
        ("1T", 1048576),
    ],
)
def test_sizes(text: str, megabytes: int) -> None:
    assert values.Memory().convert(text, None, None) == megabytes


@pytest.mark.parametrize("text", ["", "G", "24X", "-1G", "1e3", "0"])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(click.BadParameter):
        values.Memory().convert(text, None, None)


def test_ids_as_people_write_them() -> None:
    assert [values.job_id(text) for text in ("7", "#7", "job-7", " 7 ")] == [7] * 4
    assert values.run_id("7") == values.run_id("#7") == values.run_id("job-7") == "job-7"
    assert values.run_id("local-20260115-103000-a1b2c3") == "local-20260115-103000-a1b2c3"


@pytest.mark.parametrize("text", ["", "x", "-1", "7.0", "1e3", "\u0667", "job-", "9" * 30])
def test_what_is_no_job(text: str) -> None:
    with pytest.raises(click.UsageError):
        values.job_id(text)


def test_lists_keep_their_order_and_no_doubles() -> None:
    assert values.listed(["a, b", "", "b,,c "]) == ["a", "b", "c"]


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0, "0s"),
        (59.9, "59s"),
        (192, "3m12s"),
        (7500, "2h05m"),
        (273600, "3d04h"),
        (None, ""),
        (-1, "0s"),
    ],
)
def test_spans(seconds: float | None, text: str) -> None:
    assert output.span(seconds) == text


def test_times_that_are_none() -> None:
    assert output.moment("yesterday") is output.moment(None) is output.moment(7) is None
    assert output.ago("2030-01-01T11:58:00Z", NOON) == "2m00s ago"
    assert output.elapsed({"started_at": "2030-01-01T11:00:00+00:00"}, NOON) == "1h00m"
    assert output.elapsed({}) == ""


@pytest.mark.parametrize(
    ("cell", "text"),
    [
        (None, ""),
        (0.123456789, "0.123457"),
        ([1, "a"], "1,a"),
        ({"k": 1.5}, "k=1.5"),
        ("a\tb\n", "a b "),
    ],
)
def test_cells_are_one_line(cell: object, text: str) -> None:
    assert output.plain(cell) == text


@pytest.mark.parametrize(("code", "seen"), [(256, 1), (300, 44), (-9, 137), (None, 1)])
def test_exit_codes_fit_into_a_byte(code: int | None, seen: int) -> None:
    assert jobs.exit_code({"status": "failed", "exit_code": code}) == seen


def test_last_lines_of_nothing() -> None:
    assert last_lines(b"", 3) == b""
    assert last_lines(b"\n\n\n", 2) == b"\n\n"


@pytest.mark.parametrize(
    ("given", "passed"),
    [
        (["--device", "1", "--once"], ["--gpu", "1", "--once"]),
        (["--device=0"], ["--gpu=0"]),
        (["-s", "http://x", "--gpu", "all"], ["-s", "http://x", "--gpu", "all"]),
    ],
)
def test_device_is_the_agents_gpu(given: list[str], passed: list[str]) -> None:
    assert worker.with_device(given) == passed


@pytest.mark.parametrize("argv", [["-s", "http://x"], ["--server=http://x"], ["-shttp://x"]])
def test_a_worker_with_a_server_needs_no_project(argv: list[str]) -> None:
    assert worker.with_place(argv) == argv


def test_a_worker_without_one_joins_the_embedded_stack(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    found = Place("http://127.0.0.1:1", "secret", Folder(tmp_path))
    monkeypatch.setattr(place, "find", lambda *_, **__: found)
    monkeypatch.delenv("WHIRR_SERVER_URL", raising=False)
    monkeypatch.setenv("WHIRR_TOKEN", "mine")
    assert worker.with_place(["--once"]) == [
        *("--once", "--server", "http://127.0.0.1:1", "--data-dir", str(tmp_path))
    ]
    monkeypatch.delenv("WHIRR_TOKEN")
    assert "secret" not in worker.with_place(["-d", "/data"])
