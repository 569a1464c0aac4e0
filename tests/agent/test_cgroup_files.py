"""What is written where in a delegated cgroup.

A folder stands for /sys/fs/cgroup, and a file for /proc/self/cgroup: the outermost edge, since most machines lend a
test no part of the real tree. What the kernel makes of it is for `test_cgroups.py`.
"""

from pathlib import Path

import pytest

from worker_agent import cgroup
from worker_agent.cgroup import Cgroup, Place


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A container: its own cgroup is all that it sees."""
    root = tmp_path / "cgroup"
    told = tmp_path / "self"
    told.write_text("4:memory:/elsewhere\n0::/\n")
    monkeypatch.setattr(cgroup, "_SELF", str(told))
    (root / "agent").mkdir(parents=True)
    files = ("cgroup.type", "cgroup.procs", "cgroup.subtree_control", "agent/cgroup.procs")
    for name in files:
        (root / name).write_text("")
    return root


def test_the_agent_moves_into_a_leaf_and_wants_memory_counted(tree: Path) -> None:
    place = cgroup.settle(str(tree))
    assert place is not None
    assert place.folder == str(tree)
    assert (tree / "agent" / "cgroup.procs").read_text() == "0"
    assert (tree / "cgroup.subtree_control").read_text() == "+memory"


@pytest.mark.parametrize("own", ["/../other", "", "4:memory:/x", "0::/gone"])
def test_a_cgroup_that_we_do_not_see_is_not_ours(tree: Path, tmp_path: Path, own: str) -> None:
    (tmp_path / "self").write_text(own if ":" in own or not own else f"0::{own}\n")
    assert cgroup.settle(str(tree)) is None
    assert (tree / "agent" / "cgroup.procs").read_text() == ""


def test_the_root_of_the_machine_is_not_ours(tree: Path) -> None:
    (tree / "cgroup.type").unlink()  # the kernel gives it none
    assert cgroup.settle(str(tree)) is None


def test_root_keeps_out_of_what_systemd_manages_itself(
    tree: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Below /, root could write anywhere: it needs systemd's word. Others were given what they may write."""
    session = tree / "session.scope"
    (session / "agent").mkdir(parents=True)
    for name in ("cgroup.type", "cgroup.procs", "agent/cgroup.procs"):
        (session / name).write_text("")
    (tmp_path / "self").write_text("0::/session.scope\n")
    monkeypatch.setattr("os.geteuid", lambda: 0)
    assert cgroup.settle(str(tree)) is None
    monkeypatch.setattr("os.geteuid", lambda: 1000)
    assert cgroup.settle(str(tree)) is not None


def test_what_cannot_be_entered_is_done_without(tree: Path) -> None:
    (tree / "agent" / "cgroup.procs").unlink()
    assert cgroup.settle(str(tree)) is None


def test_members_are_those_of_inner_cgroups_too_and_no_strangers(tree: Path) -> None:
    (tree / "job-1.1-1" / "made-by-the-job").mkdir(parents=True)
    (tree / "job-1.1-1" / "cgroup.procs").write_text("12\n0\n13\n")
    (tree / "job-1.1-1" / "made-by-the-job" / "cgroup.procs").write_text("14\n")
    (tree / "cgroup.procs").write_text("99\n")
    assert Cgroup(str(tree / "job-1.1-1")).members() == {12, 13, 14}
    assert Cgroup(str(tree / "never-made")).members() == set()


def test_a_kernel_that_cannot_kill_a_cgroup_is_not_asked_to(tree: Path) -> None:
    mine = Cgroup(str(tree))
    mine.kill()
    assert not (tree / "cgroup.kill").exists()
    (tree / "cgroup.kill").write_text("")
    mine.kill()
    assert (tree / "cgroup.kill").read_text() == "1"


def test_a_name_that_is_taken_means_no_cgroup(tree: Path) -> None:
    place = Place(str(tree))
    first = place.begin((7, 2))
    assert first is not None
    assert first.path.startswith(f"{tree}/job-7.2-")
    assert place.begin((7, 2)) is None


def test_what_could_not_be_removed_is_removed_later(tree: Path) -> None:
    place = Place(str(tree))
    first, second = place.begin((1, 1)), place.begin((2, 1))
    assert first is not None
    assert second is not None
    in_the_way = Path(first.path, "still-there")
    in_the_way.write_text("")
    place.end(first)
    assert Path(first.path).exists()
    in_the_way.unlink()
    place.end(second)
    assert not Path(first.path).exists()
    assert not Path(second.path).exists()


def test_empty_cgroups_of_agents_that_are_gone_are_removed(tree: Path) -> None:
    for name in ("job-1.1-999999999", "job-2.1-1", "somebody-elses-999999999"):
        (tree / name).mkdir()
    Place(str(tree)).clear_up()
    left = {path.name for path in tree.iterdir() if path.is_dir()}
    assert left == {"agent", "job-2.1-1", "somebody-elses-999999999"}
