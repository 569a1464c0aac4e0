"""Several processes write to one run: each has files of its own, and nothing is mixed, lost or written twice."""

import contextlib
import json
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.client.projects import (
    begin,
    begin_script,
    lines,
    meta,
    only_run,
    read_lines,
    script,
)
from whirr import _rendezvous, _writers

pytestmark = pytest.mark.usefixtures("project")

QUIETLY = "capture_pip=False, capture_git=False, system_metrics=False"
RANK = f"""
import os, sys, whirr
run = whirr.init({QUIETLY})
print(run.id, run.writer, flush=True)
sys.stdin.readline()
for step in range(50):
    run.log({{"loss": step}}, step=step)
run.finish()
"""
TORCHRUN = {
    "TORCHELASTIC_RUN_ID": "none", "MASTER_ADDR": "localhost", "MASTER_PORT": "29500", "WORLD_SIZE": "3",
    "LOCAL_WORLD_SIZE": "3",
}  # fmt: skip


@contextlib.contextmanager
def ranks(project: Path, *, of: dict[str, str], count: int = 3) -> Iterator[list[str]]:
    """What that many processes say of themselves; they go on when the block ends, and must end well."""
    started = [begin_script(RANK, project, RANK=str(rank), **of) for rank in reversed(range(count))]
    try:
        said = []
        for process in started:
            assert process.stdout is not None
            said.append(process.stdout.readline().rstrip("\n"))
        yield said[::-1]
        for process in started:
            _, complaints = process.communicate("go\n", timeout=30)
            assert (process.returncode, complaints) == (0, "")
    finally:
        for process in started:
            process.kill()
            process.communicate()


def test_the_ranks_of_one_start_write_to_one_run(project: Path) -> None:
    """No rank waits for another, and the last one comes first here."""
    with ranks(project, of=TORCHRUN) as said:
        ids, names = zip(*(line.split(" ") for line in said), strict=True)
        assert (len(set(ids)), names) == (1, ("", "r1", "r2"))
    run = only_run(project)
    for name in ("metrics.jsonl", "metrics.r1.jsonl", "metrics.r2.jsonl"):
        found = read_lines(run / name)
        assert [(line["_idx"], line["step"]) for line in found] == [(n, n) for n in range(50)]
    told = meta(run)
    assert (told["status"], told["writer"], told["resumed"]) == ("completed", "", 0)


def test_the_next_start_of_the_same_training_is_a_run_of_its_own(project: Path) -> None:
    with ranks(project, of={**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "0"}, count=2) as first:
        pass
    with ranks(project, of={**TORCHRUN, "TORCHELASTIC_RESTART_COUNT": "1"}, count=2) as second:
        pass
    assert {line.split()[0] for line in first}.isdisjoint(line.split()[0] for line in second)


def test_an_address_that_is_used_again_names_a_new_run(project: Path) -> None:
    """Ranks on several nodes know no common launcher; what an earlier training left behind is told by its end."""
    data_dir = project / ".whirr"
    first = _rendezvous.agree(data_dir, "key", "local-20260101-000000-aaaaaa")
    assert _rendezvous.agree(data_dir, "key", "local-20260101-000000-bbbbbb") == first
    folder = data_dir / "runs" / first
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text('{"status": "completed"}')
    assert (
        _rendezvous.agree(data_dir, "key", "local-20260101-000000-bbbbbb") == first
    )  # a late rank
    long_ago = 1_700_000_000
    link = data_dir / "rendezvous" / "key.0"
    os.utime(link, (long_ago, long_ago), follow_symlinks=False)
    second = _rendezvous.agree(data_dir, "key", "local-20260101-000000-bbbbbb")
    assert second == "local-20260101-000000-bbbbbb"
    assert not link.is_symlink()  # and what is a week old is tidied away


SBATCH = {"SLURM_JOB_ID": "7", "SLURM_NTASKS": "4", "SLURM_PROCID": "0"}


@pytest.mark.parametrize("step", [{}, {"SLURM_STEP_ID": "4294967291"}])
def test_trainings_that_a_batch_script_starts_one_by_one_are_runs_of_their_own(
    project: Path, step: dict[str, str]
) -> None:
    """Its allocation has room for four processes; without srun nobody started them together."""
    with ranks(project, of={**SBATCH, **step}, count=2) as said:
        ids, names = zip(*(line.split(" ") for line in said), strict=True)
    assert (len(set(ids)), names) == (2, ("", ""))


FOLDS = f"""
import whirr
for fold in range(3):
    run = whirr.init(name=f"fold{{fold}}", {QUIETLY})
    run.log({{"fold": fold}})
    print(run.id)
"""


def test_the_next_run_of_the_same_ranks_is_another_one(project: Path) -> None:
    """Three folds, say: all ranks begin each of them, and no two folds are one run."""
    started = [begin_script(FOLDS, project, RANK=rank, **TORCHRUN) for rank in "01"]
    said = [process.communicate(timeout=30) for process in started]
    assert [(process.returncode, told[1]) for process, told in zip(started, said, strict=True)] == [
        (0, "")
    ] * 2
    folds = said[0][0].split()
    assert (len(set(folds)), said[1][0].split()) == (3, folds)
    for number, run_id in enumerate(folds):
        folder = project / ".whirr" / "runs" / run_id
        assert [line["fold"] for line in read_lines(folder / "metrics.jsonl")] == [number]
        assert [line["fold"] for line in read_lines(folder / "metrics.r1.jsonl")] == [number]
        assert (meta(folder)["name"], meta(folder)["status"]) == (f"fold{number}", "completed")


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({}, ""),
        ({"RANK": "0"}, ""),
        ({"RANK": "3", "SLURM_PROCID": "1", "SLURM_NTASKS": "2"}, "r3"),
        ({"SLURM_PROCID": "2", "SLURM_NTASKS": "4", "SLURM_STEP_ID": "0"}, "r2"),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4"}, ""),
        ({"SLURM_PROCID": "1", "SLURM_NTASKS": "4", "SLURM_STEP_ID": "4294967291"}, ""),
        (
            {
                "SLURM_PROCID": "1",
                "SLURM_NTASKS": "4",
                "SLURM_STEP_ID": "2",
                "SLURM_STEP_NUM_TASKS": "1",
            },
            "",
        ),
        ({"SLURM_PROCID": "0", "SLURM_NTASKS": "1", "OMPI_COMM_WORLD_RANK": "5"}, "r5"),
        ({"PMI_RANK": "7"}, "r7"),
        ({"RANK": "first"}, ""),
        ({"RANK": "-1"}, ""),
    ],
)
def test_a_rank_names_its_writer(env: dict[str, str], expected: str) -> None:
    assert _writers.writer_of(env) == expected


def test_a_launcher_of_several_processes_is_needed_for_a_common_run() -> None:
    assert _rendezvous.key_of({"MASTER_ADDR": "localhost", "MASTER_PORT": "1"}, 7) is None
    assert _rendezvous.key_of({"WORLD_SIZE": "2"}, 7) is None
    one_host = {
        "WORLD_SIZE": "2",
        "LOCAL_WORLD_SIZE": "2",
        "MASTER_ADDR": "node",
        "MASTER_PORT": "1",
    }
    assert _rendezvous.key_of(one_host, 7) != _rendezvous.key_of(one_host, 8)
    two_hosts = {**one_host, "LOCAL_WORLD_SIZE": "1"}
    assert _rendezvous.key_of(two_hosts, 7) == _rendezvous.key_of(two_hosts, 8)
    slurm = {
        "SLURM_NTASKS": "2",
        "SLURM_JOB_ID": "1",
        "SLURM_STEP_ID": "0",
        "MASTER_ADDR": "localhost",
    }
    assert _rendezvous.key_of(slurm, 7) == _rendezvous.key_of(slurm, 8)


def test_a_rank_alone_is_the_main_writer(monkeypatch: pytest.MonkeyPatch) -> None:
    """RANK is often left over in a shell; nobody else would ever describe this run."""
    monkeypatch.setenv("RANK", "4")
    assert begin().writer == ""


SECOND = f"""
import whirr
run = whirr.init(config={{"lr": 2}}, {QUIETLY})
run.log({{"a": 2}})
run.alert("x")
print(run.writer)
"""


def test_a_second_program_of_the_same_run_takes_a_place_of_its_own(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    run = begin(config={"lr": 1})
    run.log({"a": 1})
    assert script(SECOND, project).stdout == "w2\n"
    # That one has ended: the next one goes on where it stopped.
    assert script(SECOND, project).stdout == "w2\n"
    run.log({"a": 3})
    assert [line["a"] for line in lines(run)] == [1, 3]
    assert [line["_idx"] for line in read_lines(run.dir / "metrics.w2.jsonl")] == [0, 1]
    assert [line["_idx"] for line in read_lines(run.dir / "events.w2.jsonl")] == [0, 1]
    assert (meta(run.dir)["pid"], meta(run.dir)["status"]) == (os.getpid(), "running")
    assert json.loads((run.dir / "config.json").read_text()) == {"lr": 1}


def test_what_another_writer_dropped_is_told_by_an_alert(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only the main writer has a meta.json to count in. A summary of each rank is no loss: it is the main one's."""
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    begin().finish()
    for bad, told in (("x", 1), (1, 0)):
        with begin(writer="r1") as run:
            run.log({"bad": bad})
            run.summary({"best": 1})
        found = run.dir / "events.r1.jsonl"
        alerts = read_lines(found) if found.exists() else []
        assert [alert["text"].partition(";")[0][-3:] for alert in alerts] == [": 1"] * told
        found.unlink(missing_ok=True)
    assert meta(run.dir)["summary"] == {}


def test_an_evaluation_beside_the_training_has_a_name(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    run = begin(writer="eval")
    run.log({"acc": 1})
    assert (run.writer, len(read_lines(run.dir / "metrics.eval.jsonl"))) == ("eval", 1)


@pytest.mark.parametrize("name", ["", "system", "Eval", "a.b", "../x", "x" * 28, 3])
def test_what_cannot_name_a_writer_is_said_at_once(name: str) -> None:
    with pytest.raises(ValueError, match="writer="):
        begin(writer=name)


FORK = f"""
import os, whirr
run = whirr.init({QUIETLY})
run.log({{"a": 0}})
children = []
for number in range(2):
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        run.log({{"a": 10 + number}}); run.log_text("t", "x"); run.summary({{"child": 1}})
        os.write(write, run.writer.encode()); os.read(0, 1); os._exit(0)
    children.append(child)
    print(os.read(read, 9).decode(), flush=True)
run.log({{"a": 1}})
os.kill(os.getpid(), 9)
"""


def test_a_forked_child_has_files_of_its_own(project: Path) -> None:
    """Workers of a data loader, say; and the run is free for the next program though they outlive their parent."""
    parent = begin_script(FORK, project)
    assert parent.stdout is not None
    try:
        assert [parent.stdout.readline(), parent.stdout.readline()] == ["w2\n", "w3\n"]
        assert parent.wait(timeout=30) == -signal.SIGKILL
        run = begin(resume=only_run(project).name)
        assert run.writer == ""
        assert [line["a"] for line in lines(run)] == [0, 1]
        assert [line["a"] for line in read_lines(run.dir / "metrics.w3.jsonl")] == [11]
        assert read_lines(run.dir / "events.w2.jsonl")[0]["text"] == "x"
        assert meta(run.dir)["summary"] == {}
    finally:
        parent.communicate("xx")
