"""A disk that fills up: what is wholly delivered goes when room is needed, nothing else ever does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.agent.conftest import Start
from tests.agent.disks import SIZE, Disk
from tests.agent.fake_http import Answer
from tests.agent.fake_server import FakeServer, Key
from tests.agent.watching import wait_for
from worker_agent.board import Board
from worker_agent.log import Log
from worker_agent.shipping import delivered
from worker_agent.shipping import room as module
from worker_agent.shipping.room import Room


@pytest.fixture
def disk(tmp_path: Path) -> Disk:
    return Disk(tmp_path / "data")


def mark(folder: Path, *, final: bool = True) -> None:
    """As of an attempt of which all that lies there now was sent."""
    sent = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    facts = [(path, path.stat()) for path in sent if path.name != "notes.txt"]
    delivered.mark(
        str(folder),
        final=final,
        sent=[
            (str(path.relative_to(folder)), found.st_size, found.st_mtime_ns)
            for path, found in facts
        ],
    )


def test_while_there_is_room_nothing_is_deleted(disk: Disk) -> None:
    for job in (1, 2, 3):
        mark(disk.attempt(job))
    before = sorted(disk.files())
    disk.room(keep=300_000).step(delete=True)
    assert sorted(disk.files()) == before
    assert not disk.board.disk_low


def test_the_oldest_delivered_go_first_and_no_more_than_needed(disk: Disk) -> None:
    for job in (3, 1, 2, 4):
        mark(disk.attempt(job))
    disk.room(keep=400_000).step(delete=True)
    left = sorted(path.name for path in (disk.folder / "runs").iterdir())
    assert left == ["job-2", "job-4"], "the first two to be delivered were jobs 3 and 1"
    assert not disk.board.disk_low


def test_what_is_not_delivered_stays_and_no_job_is_taken(disk: Disk) -> None:
    undelivered = [disk.attempt(job) for job in (1, 2, 3, 4)]
    room = disk.room()
    room.step(delete=True)
    room.step(delete=True)
    assert all((folder / "artifacts" / "model").exists() for folder in undelivered)
    assert disk.board.disk_low
    assert disk.board.notes()["disk_low"] is True
    assert disk.said().count("is full") == 1
    assert disk.changes == 1
    for folder in undelivered:
        (folder / "artifacts" / "model").unlink()
    room.look()
    room.step(delete=True)
    assert disk.said().count("has room again") == 1
    assert disk.changes == 2


def test_with_a_shared_folder_nothing_is_ever_deleted(disk: Disk) -> None:
    for job in (1, 2, 3, 4):
        mark(disk.attempt(job))
    before = sorted(disk.files())
    disk.room().step(delete=False)
    assert sorted(disk.files()) == before
    assert disk.board.disk_low


def test_it_takes_jobs_again_only_with_some_room_to_spare(disk: Disk) -> None:
    folders = [disk.attempt(job, size=190_000) for job in (1, 2, 3, 4)]
    room = disk.room(keep=300_000)
    room.look()
    assert disk.board.disk_low
    (folders[0] / "artifacts" / "model").write_bytes(b"x" * 89_000)
    room.look()
    assert disk.board.disk_low, "40000 bytes more than the limit would be gone at once"
    (folders[1] / "artifacts" / "model").unlink()
    room.look()
    assert not disk.said(), "it was full for a moment only, and nothing had been tried yet"
    assert disk.board.notes()["disk_low"] is False


def test_it_makes_room_even_if_a_little_was_freed_meanwhile(disk: Disk) -> None:
    for job in (1, 2, 3, 4):
        mark(disk.attempt(job, size=180_000))
    room = disk.room(keep=250_000)
    (disk.folder / "big").write_bytes(b"x" * 50_000)
    room.look()
    assert disk.board.disk_low
    (disk.folder / "big").write_bytes(
        b"x" * 10_000
    )  # more than the limit is free, less than enough
    room.step(delete=True)
    assert disk.board.notes()["disk_low"] is False
    assert not (disk.folder / "runs" / "job-1").exists()
    assert "is full" not in disk.said()


def test_a_run_that_may_be_tried_again_keeps_what_it_could_go_on_from(disk: Disk) -> None:
    first = disk.attempt(1, 1)
    mark(first, final=False)
    for job in (2, 3, 4):
        disk.attempt(job)
    disk.room().step(delete=True)
    assert (first / "artifacts" / "model").exists()

    mark(disk.attempt(1, 2, size=100_000), final=True)
    disk.room().step(delete=True)
    assert not first.exists()


def test_checkpoints_and_what_else_a_job_left_are_the_users(disk: Disk) -> None:
    folder = disk.attempt(1)
    checkpoint = folder.parent.parent / "checkpoints" / "last.pt"
    checkpoint.parent.mkdir()
    for path in (checkpoint, folder / "notes.txt"):
        path.write_text("mine")
    (folder / "artifacts" / "link").symlink_to("/etc/passwd")
    mark(folder)
    for job in (2, 3, 4):
        disk.attempt(job)
    disk.room().step(delete=True)
    assert not (folder / "artifacts" / "model").exists()
    assert not (folder / "output.log").exists()
    assert checkpoint.read_text() == "mine"
    assert (folder / "notes.txt").read_text() == "mine"
    assert (folder / "artifacts" / "link").is_symlink()


def test_a_long_search_goes_on_with_the_next_turn_and_each_turn_deletes(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with sixty thousand runs on a slow disk: a turn is over before all of them were looked at."""
    for job in range(1, 41):
        mark(disk.attempt(job, size=22_000))
    monkeypatch.setattr(module, "_AT_ONCE", 0.0)
    monkeypatch.setattr(module, "_BATCH", 3)
    room = disk.room(keep=300_000)
    before, turns = len(disk.files()), 0
    while len(disk.files()) == before:
        room.step(delete=True)
        turns += 1
        assert turns < 100, "it never comes to delete anything"
    while disk.free < 375_000:
        left = disk.free
        for _ in range(100):
            room.step(delete=True)
            if disk.free > left:
                break
        assert disk.free > left
    gone = {job for job in range(1, 41) if not (disk.folder / "runs" / f"job-{job}").exists()}
    assert gone == set(range(1, len(gone) + 1)), "the oldest first, over many searches"
    room.step(delete=True)
    assert not disk.board.disk_low


def test_attempts_that_cannot_be_deleted_hide_no_others(
    disk: Disk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_BATCH", 2)
    for job in range(1, 9):
        folder = disk.attempt(job, size=100_000)
        mark(folder)
        if job < 7:
            folder.rename(disk.folder / f"moved-{job}")
            folder.symlink_to(disk.folder / f"moved-{job}")
    disk.room(keep=300_000).step(delete=True)
    left = {path.name for path in (disk.folder / "runs").iterdir()}
    assert left == {f"job-{job}" for job in range(1, 7)}


def test_the_limit_is_two_gigabytes_or_five_percent(disk: Disk) -> None:
    for free, size, low in (
        (49_999, SIZE, True),
        (50_001, SIZE, False),
        (1_999_999_999, 10**13, True),
        (2_000_000_001, 10**13, False),
    ):
        board = Board((), 1)
        Room(
            str(disk.folder), None, board, Log(path=str(disk.log)),
            changed=lambda: None, reading=lambda folder, said=(free, size): said,  # type: ignore[misc]
        ).step(delete=True)  # fmt: skip
        assert board.disk_low is low


SCRIPT = "cd $WHIRR_RUN_DIR; echo said; mkdir -p artifacts; head -c 50000 /dev/zero > artifacts/x"
ALWAYS_FULL = ("--keep-free", "900000T")


def attempt_of(server: FakeServer, data: Path, key: Key) -> Path:
    return data / "runs" / f"job-{key[0]}" / "attempts" / "1"


def test_an_agent_on_a_full_disk_says_so_takes_no_job_and_goes_on_delivering(
    server: FakeServer, start: Start
) -> None:
    agent = start()
    old = server.submit("sh", "-c", SCRIPT)
    server.outcome(old)
    agent.delivered()
    server.misbehave("/streams/", times=10_000, status=503, perform=False)
    undelivered = server.submit("sh", "-c", SCRIPT)
    wait_for(lambda: agent.log.count("exited with 0") == 2)
    agent.kill()
    server.faults.clear()
    server.syncs.clear()

    second = start(*ALWAYS_FULL)
    server.outcome(undelivered)
    second.delivered()
    assert server.log(undelivered) == b"said\n"
    wait_for(lambda: not attempt_of(server, agent.data_dir, old).exists())
    waiting = server.submit("true")
    server.wait_for(lambda: [each for each in server.syncs if each["load"].get("disk_low")])
    full = [each for each in server.syncs if each["load"].get("disk_low")]
    assert not any(each["accepting"] for each in full)
    assert not server.finishes[waiting]
    assert second.log.count("is full") == 1


class Requeueing(FakeServer):
    def _finish(self, key: Key, body: dict[str, Any]) -> Answer:
        return super()._finish(key, body)[0], {"status": "queued"}


@pytest.mark.parametrize(("kind", "final"), [(FakeServer, True), (Requeueing, False)])
def test_an_attempt_is_marked_once_the_server_has_all_of_it(
    start: Start, tmp_path: Path, kind: type[FakeServer], *, final: bool
) -> None:
    server = kind()
    agent = start("--server", server.url)
    key = server.submit("sh", "-c", SCRIPT)
    server.outcome(key)
    agent.delivered()
    found = wait_for((attempt_of(server, agent.data_dir, key) / delivered.MARK).read_text)
    head, *sent = map(json.loads, found.splitlines())
    assert head == {"attempt": f"job-{key[0]}/1", "final": final}
    assert [name for name, *_ in sent] == ["output.log", "artifacts/x"]
    server.stop()
