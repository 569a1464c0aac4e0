"""`import whirr`: what a training script says is on disk when the call returns, and nothing breaks it."""

import json
import math
import os
import resource
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

import whirr
from whirr import Run

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    (tmp_path / ".whirr").mkdir()
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    yield tmp_path
    active = whirr.get_active_run()
    if active is not None:
        active.finish()


def begin(**more: Any) -> Run:
    return whirr.init(**{"capture_git": False, "capture_pip": False, **more})


def lines(run: Run) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (run.dir / "metrics.jsonl").read_text().splitlines()]


def meta(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "meta.json").read_text())
    return found


def script(text: str, cwd: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a program of its own, as a person would."""
    return subprocess.run(
        [sys.executable, "-c", text],
        cwd=cwd,
        env={**os.environ, "PYTHONPATH": str(ROOT), **env},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )


def only_run(project: Path) -> Path:
    (run,) = (project / ".whirr" / "runs").iterdir()
    return run


def test_a_direct_run_lies_in_the_nearest_project(project: Path) -> None:
    run = begin(name="first", config={"lr": 0.1}, tags=["a", "b"])
    assert run.dir.parent == project / ".whirr" / "runs"
    assert run.id.startswith("local-")
    run.finish()
    found = meta(run.dir)
    assert (found["name"], found["tags"], found["kind"]) == ("first", ["a", "b"], "direct")
    assert found["status"] == "completed"
    assert found["finished_at"] >= found["started_at"]
    assert json.loads((run.dir / "config.json").read_text()) == {"lr": 0.1}


def test_without_a_project_one_is_made_here(tmp_path: Path) -> None:
    (tmp_path / ".whirr").rmdir()
    run = begin()
    assert run.dir.parent == Path.cwd() / ".whirr" / "runs"


def test_a_line_is_on_disk_when_log_returns() -> None:
    run = begin()
    run.log({"loss": 2.5}, step=3)
    run.log({"loss": 1, "step": 4})
    run.log({"val": {"acc": 0.5, "deep": {"er": 1}}})
    first, second, third = lines(run)
    assert first.pop("_timestamp").endswith("Z")
    assert first == {"_idx": 0, "step": 3, "loss": 2.5}
    assert (second["_idx"], second["step"], second["loss"]) == (1, 4, 1)
    assert "step" not in third
    assert (third["val/acc"], third["val/deep/er"]) == (0.5, 1)


def test_nan_and_the_infinities_are_kept() -> None:
    run = begin()
    run.log({"a": math.nan, "b": math.inf, "c": -math.inf})
    assert '"a":NaN,"b":Infinity,"c":-Infinity' in (run.dir / "metrics.jsonl").read_text()


class Scalar:
    """As numpy and torch do it, without either."""

    def item(self) -> float:
        return 0.25


class TooMany:
    def item(self) -> float:
        raise ValueError("only one element")


def test_scalars_of_other_libraries_are_numbers() -> None:
    run = begin()
    run.log({"scalar": Scalar(), "fraction": Fraction(1, 2), "yes": True})
    found = lines(run)[0]
    assert (found["scalar"], found["fraction"], found["yes"]) == (0.25, 0.5, 1)


def test_numpy_is_understood_where_it_is_installed() -> None:
    numpy = pytest.importorskip("numpy")
    run = begin(config={"sizes": numpy.arange(3), "lr": numpy.float32(0.5)})
    run.log({"a": numpy.float32(0.5), "b": numpy.int64(3), "c": numpy.array([[7]])})
    found = lines(run)[0]
    assert (found["a"], found["b"], found["c"]) == (0.5, 3, 7)
    assert run.config == {"sizes": [0, 1, 2], "lr": 0.5}


@pytest.mark.parametrize("bad", ["text", None, object(), [1], TooMany(), b"x", 1j])
def test_what_is_no_number_is_counted_and_said_once(
    bad: object, caplog: pytest.LogCaptureFixture
) -> None:
    run = begin()
    for _ in range(3):
        run.log({"good": 1, "bad": bad})
    assert [line["good"] for line in lines(run)] == [1, 1, 1]
    assert run.dropped == 3
    assert len([r for r in caplog.records if "bad" in r.getMessage()]) == 1


def test_strict_raises_instead() -> None:
    run = begin(strict=True)
    with pytest.raises(TypeError, match="not a number"):
        run.log({"bad": "text"})
    with pytest.raises(OSError, match="no-such-file"):
        run.save_artifact("no-such-file")
    with pytest.raises(ValueError, match="own"):
        run.log({"_idx": 3})


def test_a_summary_is_merged() -> None:
    run = begin()
    run.summary({"best": 1, "where": {"epoch": 3}})
    run.summary({"best": 2, "note": "good"})
    assert meta(run.dir)["summary"] == {"best": 2, "where": {"epoch": 3}, "note": "good"}
    assert meta(run.dir)["status"] == "running"


def test_an_artifact_is_a_copy(project: Path) -> None:
    run = begin()
    source = project / "model.pt"
    source.write_bytes(b"one")
    assert run.save_artifact(source) == run.dir / "artifacts" / "model.pt"
    source.write_bytes(b"two")
    run.save_artifact(source, "best/model.pt")
    assert (run.dir / "artifacts" / "model.pt").read_bytes() == b"one"
    assert (run.dir / "artifacts" / "best" / "model.pt").read_bytes() == b"two"


def test_a_folder_is_kept_without_its_links(project: Path) -> None:
    folder = project / "plots"
    (folder / "sub").mkdir(parents=True)
    (folder / "sub" / "a.png").write_bytes(b"png")
    (folder / "secret").symlink_to("/etc/passwd")
    run = begin()
    run.save_artifact(folder)
    kept = [p.relative_to(run.dir / "artifacts") for p in run.dir.rglob("artifacts/**/*")]
    assert {str(path) for path in kept} == {"plots", "plots/sub", "plots/sub/a.png"}


@pytest.mark.parametrize(
    "name", ["../x", "/etc/x", "a/../../x", "a\\b", "a\0b", "x" * 300, "a//b", ".", "line\n"]
)
def test_an_artifact_cannot_be_named_out_of_its_folder(name: str, project: Path) -> None:
    (project / "file").write_bytes(b"x")
    run = begin()
    assert run.save_artifact(project / "file", name) is None
    assert run.dropped == 1
    assert list((run.dir / "artifacts").iterdir()) == []


def test_under_an_agent_the_jobs_run_is_joined(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = project / "data" / "runs" / "job-7" / "attempts" / "2"
    folder.mkdir(parents=True)
    (folder / "config.json").write_text('{"lr": 1, "seed": 3}')
    monkeypatch.setenv("WHIRR_JOB_ID", "7")
    monkeypatch.setenv("WHIRR_RUN_ID", "job-7")
    monkeypatch.setenv("WHIRR_RUN_DIR", str(folder))
    with begin(config={"lr": 2}) as run:
        run.log({"a": 1})
    assert (run.id, run.dir) == ("job-7", folder)
    assert run.config == {"lr": 2, "seed": 3}
    with begin(tags=["second"]) as again:  # another program of the same job
        again.log({"a": 2})
    assert [line["_idx"] for line in lines(again)] == [0, 1]
    assert meta(folder)["kind"] == "job"


def test_a_line_that_was_torn_by_a_crash_spoils_only_itself(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    (project / "attempt").mkdir()
    (project / "attempt" / "metrics.jsonl").write_text('{"_idx":0,"a":1}\n{"_idx":1,"a')
    run = begin()
    run.log({"a": 2})
    texts = (run.dir / "metrics.jsonl").read_text().splitlines()
    assert json.loads(texts[0])["a"] == 1
    assert json.loads(texts[2])["a"] == 2


def test_leaving_the_block_with_an_error_means_failed() -> None:
    with pytest.raises(RuntimeError), begin() as run:
        raise RuntimeError
    assert meta(run.dir)["status"] == "failed"
    assert whirr.get_active_run() is None


def test_the_active_run_is_the_last_one() -> None:
    first = begin()
    assert whirr.get_active_run() is first
    second = begin()
    assert whirr.get_active_run() is second
    assert first.finished


def test_what_comes_after_the_end_is_dropped() -> None:
    run = begin()
    run.finish("failed")
    run.finish("completed")
    run.log({"a": 1})
    assert run.dropped == 1
    assert meta(run.dir)["status"] == "failed"


@pytest.mark.parametrize(
    ("ending", "status"),
    [
        ("", "completed"),
        ("raise RuntimeError('x')", "failed"),
        ("import sys; sys.exit(0)", "completed"),
        ("import os; os.fork() or os._exit(0); os.wait()", "completed"),
        ("run.finish('failed')", "failed"),
    ],
)
def test_the_end_of_the_program_ends_the_run(project: Path, ending: str, status: str) -> None:
    script(f"import whirr\nrun = whirr.init()\n{ending}", project)
    assert meta(only_run(project))["status"] == status


def test_a_forked_child_does_not_end_its_parents_run(project: Path) -> None:
    code = """import os, sys, whirr, json
run = whirr.init(capture_pip=False, capture_git=False)
if os.fork() == 0:
    run.log({"child": 1}); sys.exit(0)
os.wait(); print(json.load(open(run.dir / "meta.json"))["status"])"""
    assert script(code, project).stdout == "running\n"


def test_a_line_survives_kill_9(project: Path) -> None:
    code = "import os, whirr\nrun = whirr.init()\nrun.log({'a': 1})\nos.kill(os.getpid(), 9)"
    assert script(code, project).returncode == -signal.SIGKILL
    assert '"a":1' in (only_run(project) / "metrics.jsonl").read_text()


def test_the_exception_hook_of_others_is_still_called(project: Path) -> None:
    code = """import sys, whirr
sys.excepthook = lambda *_: print("mine")
whirr.init()
raise RuntimeError"""
    assert script(code, project).stdout == "mine\n"


def test_a_full_disk_is_a_warning(project: Path) -> None:
    """A limit on the size of files is what a full disk looks like to one process."""
    code = """import resource, signal, whirr, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = whirr.init(capture_pip=False, capture_git=False)
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, resource.RLIM_INFINITY))
for i in range(100): run.log({"a": i})
assert run.dropped > 10, run.dropped
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
run.log({"a": 1000})
run.summary({"b": 2})
print("trained")"""
    done = script(code, project)
    assert done.stdout == "trained\n", done.stderr
    assert done.stderr.count("metrics") == 1
    text = (only_run(project) / "metrics.jsonl").read_text()
    assert json.loads(text.splitlines()[-1])["a"] == 1000


def test_a_folder_that_cannot_be_written_is_a_warning(project: Path) -> None:
    (project / ".whirr").rmdir()
    (project / ".whirr").write_text("a file where a folder should be")
    done = script("import whirr\nrun = whirr.init()\nrun.log({'a': 1})\nprint(run.dir)", project)
    assert "cannot be written" in done.stderr
    assert (Path(done.stdout.strip()) / "metrics.jsonl").exists()


def test_git_and_packages_are_captured_and_no_secret(project: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y"]
    for arguments in (["init", "-q", "-b", "main"], ["add", "code.py"], ["commit", "-qm", "one"]):
        (project / "code.py").write_text("a = 1\n")
        subprocess.run([*git, *arguments], cwd=project, check=True, capture_output=True)
    (project / "code.py").write_text("a = 2\n")
    code = "import whirr\nwhirr.init()"
    done = subprocess.run(
        [sys.executable, "-c", code, "--api-key", "canary-1", "--token=canary-2", "--lr", "3"],
        cwd=project,
        env={**os.environ, "PYTHONPATH": str(ROOT), "WANDB_API_KEY": "canary-3"},
        check=True,
    )
    assert done.returncode == 0
    run = only_run(project)
    facts = json.loads((run / "git.json").read_text())
    assert (facts["branch"], facts["dirty"], len(facts["commit"])) == ("main", True, 40)
    assert "+a = 2" in (run / "git.diff").read_text()
    assert "pytest==" in (run / "requirements.txt").read_text()
    assert meta(run)["argv"][1:] == ["--api-key", "***", "--token=***", "--lr", "3"]
    for path in run.rglob("*"):
        assert path.is_dir() or b"canary" not in path.read_bytes()


def test_a_log_call_takes_microseconds() -> None:
    run = begin()
    durations = []
    for number in range(2000):
        begun = time.perf_counter()
        run.log({"loss": 0.5, "acc": 0.25}, step=number)
        durations.append(time.perf_counter() - begun)
    assert sorted(durations)[len(durations) // 2] < 200e-6
    assert len(lines(run)) == 2000


def test_threads_do_not_tear_each_others_lines() -> None:
    import threading

    run = begin()

    def work(thread: int) -> None:
        for number in range(200):
            run.log({f"t{thread}": number})

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [line["_idx"] for line in lines(run)] == list(range(800))


def test_tags_are_a_list() -> None:
    with pytest.raises(TypeError, match="list"):
        begin(tags="one")


def test_open_files_do_not_pile_up() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        begin().finish()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
