"""An agent deletes what it has sent, as it was sent, inside the data folder; whatever else lies there stays."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for

ALWAYS_FULL = ("--keep-free", "900000T")
SAYS = "cd $WHIRR_RUN_DIR; mkdir -p artifacts/deep; echo said"


def delivered(server: FakeServer, start: Start, script: str) -> Path:
    """The folder of an attempt that has run the script and is delivered, with an agent that is gone."""
    agent = start()
    key = server.submit("sh", "-c", f"{SAYS}; {script}")
    server.outcome(key)
    agent.delivered()
    agent.kill()
    return agent.data_dir / "runs" / f"job-{key[0]}" / "attempts" / "1"


def fill_the_disk(server: FakeServer, start: Start) -> None:
    """An agent that has looked for all that it may delete."""
    server.syncs.clear()
    agent = start(*ALWAYS_FULL)
    wait_for(lambda: "is full" in agent.log)
    server.wait_for(lambda: [each for each in server.syncs if each["load"].get("disk_low")])


def age(mark: Path) -> None:
    """As `chown -R` and `cp -a` leave it: everything is older than the mark, and the mark as it was."""
    before = mark.stat().st_ctime_ns

    def touched() -> bool:
        mark.chmod(0o644)
        return mark.stat().st_ctime_ns > before

    wait_for(touched)


def test_what_was_sent_is_deleted_and_the_empty_folders_too(
    server: FakeServer, start: Start
) -> None:
    folder = delivered(server, start, "echo x > artifacts/deep/x; echo d > git.diff")
    fill_the_disk(server, start)
    assert not folder.parent.parent.exists()


@pytest.mark.parametrize("where", ["artifacts", "artifacts/deep"])
def test_what_a_link_leads_to_is_neither_sent_nor_deleted(
    server: FakeServer, start: Start, tmp_path: Path, where: str
) -> None:
    mine = tmp_path / "scratch" / "precious"
    mine.parent.mkdir()
    mine.write_text("mine")
    delivered(server, start, f"rm -rf {where}; ln -s {mine.parent} {where}")
    assert not server.artifacts
    fill_the_disk(server, start)
    assert mine.read_text() == "mine"


@pytest.mark.parametrize("above", ["artifacts", "", "../../attempts", "../.."])
def test_a_folder_that_was_moved_away_and_linked_is_left_alone(
    server: FakeServer, start: Start, tmp_path: Path, above: str
) -> None:
    folder = delivered(server, start, "echo x > artifacts/x")
    moved, elsewhere = Path(os.path.normpath(folder / above)), tmp_path / "elsewhere"
    moved.rename(elsewhere)
    moved.symlink_to(elsewhere)
    if above == "artifacts":
        age(folder / ".delivered")
    fill_the_disk(server, start)
    assert [path for path in elsewhere.rglob("x") if path.is_file()]


def test_artifacts_that_are_a_link_are_complained_of(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    folder = delivered(server, start, f"rm -rf artifacts; ln -s {tmp_path} artifacts")
    assert not (folder / ".delivered").exists()
    log = (tmp_path / "data" / "agent" / "node1" / "worker.log").read_text()
    assert log.count("artifacts is a link") == 1


def test_what_was_never_sent_stays_however_old_it_looks(server: FakeServer, start: Start) -> None:
    folder = delivered(server, start, "cd artifacts; echo x > x; echo half > p.whirr-part")
    late = folder / "artifacts" / "late"
    late.write_text("late")
    (folder / "git.diff").write_text("late, too")
    age(folder / ".delivered")
    fill_the_disk(server, start)
    assert not (folder / "artifacts" / "x").exists()
    assert late.read_text() == "late"
    assert (folder / "git.diff").read_text() == "late, too"
    assert (folder / "artifacts" / "p.whirr-part").exists()


def test_what_has_changed_since_it_was_sent_stays(server: FakeServer, start: Start) -> None:
    folder = delivered(server, start, "echo x > artifacts/x; echo y > artifacts/y")
    for path in (folder / "artifacts" / "x", folder / "output.log"):
        path.write_text(path.read_text().upper())
    age(folder / ".delivered")
    fill_the_disk(server, start)
    assert not (folder / "artifacts" / "y").exists()
    assert (folder / "artifacts" / "x").read_text() == "X\n"
    assert (folder / "output.log").read_text() == "SAID\n"


def test_a_folder_that_was_copied_is_still_delivered(server: FakeServer, start: Start) -> None:
    folder = delivered(server, start, "echo x > artifacts/x")
    for path in [each for each in folder.rglob("*") if each.name != ".delivered"]:
        path.chmod(0o755)  # newer than the mark, though nothing has changed
    fill_the_disk(server, start)
    assert not folder.exists()


@pytest.mark.parametrize("name", ["../../../precious", "artifacts/../../../../precious", "notes"])
def test_a_mark_that_names_other_files_deletes_none(
    server: FakeServer, start: Start, tmp_path: Path, name: str
) -> None:
    folder = delivered(server, start, "echo x > artifacts/x")
    path = Path(os.path.normpath(folder / name))
    path.write_text("mine")
    line = [name, path.stat().st_size, path.stat().st_mtime_ns]
    with (folder / ".delivered").open("a") as mark:
        mark.write(json.dumps(line) + "\n")
    fill_the_disk(server, start)
    assert path.read_text() == "mine"
    assert not (folder / "artifacts" / "x").exists()


def test_a_mark_that_came_with_a_copy_of_another_attempt_says_nothing(
    server: FakeServer, start: Start
) -> None:
    folder = delivered(server, start, "echo x > artifacts/x")
    copied = folder.parent.parent.parent / "job-99" / "attempts" / "1"
    copied.parent.mkdir(parents=True)
    folder.rename(copied)
    fill_the_disk(server, start)
    assert (copied / "artifacts" / "x").exists()


def test_an_attempt_of_which_a_file_was_refused_is_never_marked(
    server: FakeServer, start: Start
) -> None:
    agent = start()
    server.misbehave("/documents/", status=400, perform=False)
    key = server.submit("sh", "-c", f"{SAYS}; echo diff > git.diff")
    server.outcome(key)
    agent.delivered()
    assert not (
        agent.data_dir / "runs" / f"job-{key[0]}" / "attempts" / "1" / ".delivered"
    ).exists()
