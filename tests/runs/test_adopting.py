"""Direct runs in the server's own data folder are found by looking."""

import fcntl
import json
import os
import socket
import subprocess
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import OperationalError

from runs import adopting, selectors, trash
from runs.models import Artifact, Run, RunStatus
from tests.runs.factories import NOON, line, make_direct_run
from whirr_site.access.principals import EVERYBODY

pytestmark = pytest.mark.django_db

PROGRAM = """
import whirr
run = whirr.init(name="by hand", config={"lr": 0.1}, tags=["direct"], capture_git=False, capture_pip=False)
for step in range(20):
    run.log({"loss": 1 / (step + 1)}, step=step)
open("weights.bin", "wb").write(b"w" * 1000)
run.save_artifact("weights.bin")
run.summary({"best": 0.05})
run.finish()
"""


def folder_of(data_dir: Path, **meta: object) -> Path:
    """A direct run's folder as the library begins it."""
    folder = data_dir / "runs" / "local-20300101-120000-abcdef"
    folder.mkdir()
    told = {
        "status": "running",
        "started_at": NOON.isoformat(),
        "hostname": socket.gethostname(),
        "pid": os.getpid(),
    }
    (folder / "meta.json").write_text(json.dumps(told | meta))
    return folder


def test_a_run_of_the_real_library_is_adopted_whole(data_dir: Path, tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-c", PROGRAM],
        cwd=tmp_path,
        env={**os.environ, "WHIRR_DATA_DIR": str(data_dir)},
        check=True,
        timeout=60,
    )
    assert adopting.adopt_all(now=NOON) == 1
    run = Run.objects.get()
    assert (run.name, run.status, run.tags) == ("by hand", RunStatus.COMPLETED, ["direct"])
    assert run.config == {"lr": 0.1}
    assert run.summary["best"] == 0.05
    [loss] = selectors.series_of(run)
    assert (loss.key, loss.count, loss.last) == ("loss", 20, 0.05)
    artifact = Artifact.objects.get()
    assert (artifact.path, artifact.size, artifact.is_complete) == ("weights.bin", 1000, True)


def test_a_running_run_grows_with_each_look_and_is_left_alone_once_it_ended(data_dir: Path) -> None:
    folder = folder_of(data_dir)
    metrics = folder / "metrics.jsonl"
    metrics.write_bytes(line(step=0, loss=3.0))
    adopting.adopt_all(now=NOON)
    run = Run.objects.get()
    assert run.status == RunStatus.RUNNING
    metrics.write_bytes(metrics.read_bytes() + line(step=1, loss=2.0))
    adopting.adopt_all(now=NOON)
    assert selectors.series_of(run).get().count == 2

    (folder / "meta.json").write_text(json.dumps({"status": "failed", "finished_at": "nonsense"}))
    later = NOON + timedelta(minutes=1)
    assert adopting.adopt_all(now=later) == 1
    run.refresh_from_db()
    assert (run.status, run.finished_at) == (RunStatus.FAILED, later)
    assert adopting.adopt_all(now=later) == 0


def test_a_run_whose_process_is_gone_has_failed_and_one_of_another_host_is_believed(
    data_dir: Path,
) -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    folder = folder_of(data_dir, pid=gone.pid, hostname="elsewhere")
    adopting.adopt_all(now=NOON)
    assert Run.objects.get().status == RunStatus.RUNNING
    meta = json.loads((folder / "meta.json").read_text())
    (folder / "meta.json").write_text(json.dumps(meta | {"hostname": socket.gethostname()}))
    adopting.adopt_all(now=NOON)
    assert Run.objects.get().status == RunStatus.FAILED


@pytest.mark.parametrize("text", ["", "{", "[1]", '{"status": 7, "started_at": 5, "pid": "x"}'])
def test_a_folder_that_makes_no_sense_stops_nobody(data_dir: Path, text: str) -> None:
    folder_of(data_dir)
    odd = data_dir / "runs" / "local-20290101-120000-abcdef"
    odd.mkdir()
    (odd / "meta.json").write_text(text)
    (data_dir / "runs" / "not-a-run").mkdir()
    adopting.adopt_all(now=NOON)
    assert Run.objects.filter(key="local-20300101-120000-abcdef").exists()


NEVER = ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"]


@pytest.mark.parametrize("never", NEVER)
def test_a_time_that_no_row_can_keep_stops_nobody(data_dir: Path, never: str) -> None:
    folder_of(data_dir, status="completed", finished_at=NOON.isoformat())
    odd = data_dir / "runs" / "local-20290101-120000-abcdef"
    (odd / "artifacts").mkdir(parents=True)
    (odd / "artifacts" / "a").write_text("x")
    os.utime(odd / "artifacts" / "a", (1, 2**38))  # the year 10680
    said = {"status": "completed", "started_at": never, "finished_at": never}
    (odd / "meta.json").write_text(json.dumps(said))
    for _ in range(2):
        adopting.forget()
        adopting.adopt_all(now=NOON)
    assert list(Run.objects.values_list("finished_at", flat=True)) == [NOON, NOON]


def test_a_folder_that_fails_as_nobody_foresaw_is_named_and_stops_nobody(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    folder_of(data_dir, status="completed", finished_at=NOON.isoformat())
    odd, whole = data_dir / "runs" / "local-20290101-120000-abcdef", adopting.adopt
    odd.mkdir()

    def adopt(folder: Path, **told: Any) -> bool | None:
        if folder == odd:
            raise RecursionError
        return whole(folder, **told)

    monkeypatch.setattr(adopting, "adopt", adopt)
    assert adopting.adopt_all(now=NOON) == 1
    assert f"{odd.name} cannot be read: RecursionError" in caplog.text


def test_every_writers_metrics_and_events_are_read(data_dir: Path) -> None:
    folder = folder_of(data_dir)
    (folder / "metrics.r1.jsonl").write_bytes(line(step=0, loss=3.0))
    (folder / "system.jsonl").write_bytes(line(step=0, cpu=3.0))
    (folder / "events.r1.jsonl").write_bytes(line(_idx=0, type="text", key="note", text="hello"))
    (folder / "notes.jsonl").write_bytes(b"not ours\n")
    adopting.adopt_all(now=NOON)
    found = {(each.writer, each.key) for each in selectors.series_of(Run.objects.get())}
    assert found == {("r1", "loss"), ("system", "system/cpu")}
    assert Run.objects.get().events.get().writer == "r1"


@pytest.mark.parametrize("same_process", [True, False])
def test_an_ended_run_that_goes_on_is_seen_again(data_dir: Path, *, same_process: bool) -> None:
    folder = folder_of(data_dir, status="completed", finished_at=NOON.isoformat())
    (folder / "metrics.jsonl").write_bytes(line(step=0, loss=3.0))
    adopting.adopt_all(now=NOON)
    assert adopting.adopt_all(now=NOON) == 0
    if not same_process:
        adopting.forget()
        assert adopting.adopt_all(now=NOON) == 0  # what its rows say is how it is
        adopting.forget()
    with (folder / "metrics.jsonl").open("ab") as file:
        file.write(line(step=1, loss=2.0))
    assert adopting.adopt_all(now=NOON) == 1
    run = Run.objects.get()
    assert (run.status, selectors.series_of(run).get().count) == ("completed", 2)
    (folder / "meta.json").write_text(json.dumps({"status": "running"}))
    adopting.adopt_all(now=NOON)
    assert Run.objects.get().status == "running"


def test_a_look_asks_the_database_nothing_about_ended_runs_that_are_as_they_were(
    data_dir: Path, django_assert_max_num_queries: Any
) -> None:
    for number in range(30):
        folder = data_dir / "runs" / f"local-20300101-120000-{number:06x}"
        folder.mkdir()
        (folder / "meta.json").write_text('{"status": "failed", "finished_at": "2030-01-01"}')
    assert adopting.adopt_all(now=NOON) == 30
    with django_assert_max_num_queries(1):
        assert adopting.adopt_all(now=NOON) == 0
    adopting.forget()
    with django_assert_max_num_queries(4):  # a new process compares, many with one query
        assert adopting.adopt_all(now=NOON) == 0


def test_a_number_that_another_process_got_is_not_the_runs_and_a_shipper_is_believed(
    data_dir: Path,
) -> None:
    folder = folder_of(data_dir)
    os.utime(folder / "meta.json", (1, 1))  # long before this process began
    with (folder / ".shipper.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        adopting.adopt_all(now=NOON)
        assert Run.objects.get().status == RunStatus.RUNNING
    adopting.adopt_all(now=NOON)
    assert Run.objects.get().status == RunStatus.FAILED


def test_what_is_in_the_trash_stays_there(data_dir: Path) -> None:
    folder = folder_of(data_dir)
    adopting.adopt_all(now=NOON)
    Run.objects.update(trashed_at=NOON)
    (folder / "metrics.jsonl").write_bytes(line(step=0, loss=3.0))
    (folder / "meta.json").write_text('{"status": "completed", "finished_at": "2030-01-01"}')
    adopting.adopt_all(now=NOON)
    run = Run.objects.get()
    assert (run.status, run.finished_at, selectors.series_of(run).count()) == ("running", None, 0)


def test_what_comes_over_http_is_left_to_whoever_sends_it(data_dir: Path) -> None:
    """Its program may live on this very machine, and have finished without its last bytes having come."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    make_direct_run(0xABCDEF)
    Run.objects.update(user="ada")
    folder_of(data_dir, pid=gone.pid)
    assert adopting.adopt_all(now=NOON) == 0
    assert Run.objects.get().status == RunStatus.RUNNING


def test_what_was_restored_from_the_trash_is_read_as_it_is_now(data_dir: Path) -> None:
    folder = folder_of(data_dir)
    (folder / "metrics.jsonl").write_bytes(line(step=0, loss=3.0))
    adopting.adopt_all(now=NOON)
    trash.discard([folder.name], by=EVERYBODY, now=NOON, even_running=True)
    (folder / "metrics.jsonl").write_bytes(line(step=0, loss=3.0) + line(step=1, loss=2.0))
    (folder / "meta.json").write_text('{"status": "completed", "finished_at": "2030-01-01"}')
    for _ in range(2):
        assert adopting.adopt_all(now=NOON) == 0
    assert trash.restore([folder.name], by=EVERYBODY).keys == [folder.name]
    assert adopting.adopt_all(now=NOON) == 1
    run = Run.objects.get()
    assert (run.status, selectors.series_of(run).get().count) == (RunStatus.COMPLETED, 2)
    assert adopting.adopt_all(now=NOON) == 0


def test_a_database_that_does_not_answer_hides_no_new_folder(
    data_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder_of(data_dir)
    os.utime(data_dir / "runs", (1, 1))

    def away(*_: object) -> None:
        raise OperationalError("the database is locked")

    with monkeypatch.context() as patched:
        patched.setattr(adopting, "_recorded", away)
        with pytest.raises(OperationalError):
            adopting.adopt_all(now=NOON)
    assert adopting.adopt_all(now=NOON) == 1
