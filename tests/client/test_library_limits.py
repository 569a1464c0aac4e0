"""Ends, crashes, full disks, forks and threads: the library breaks no training."""

import json
import os
import resource
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from tests.client.projects import ROOT, begin, events, lines, meta, only_run, script
from whirr import _images, _place
from whirr._meta import Meta
from whirr.wire.files import create, draft_of, write_whole

pytestmark = pytest.mark.usefixtures("project")


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


def test_threads_that_keep_files_under_one_name_do_not_mix_them(project: Path) -> None:
    """Whichever is the last one, it is whole; and no draft stays behind."""
    sources = [project / name for name in "abcd"]
    for source in sources:
        source.write_bytes(source.name.encode() * 2_000_000)
    run = begin()
    picture = _images.png(bytes(3000), width=1000, height=1, channels=3)

    def work(source: Path) -> None:
        for _ in range(10):
            run.save_artifact(source, "last.pt")
            run.log_image("same", picture)
            write_whole(run.dir / "note.json", source.name.encode() * 50_000)

    threads = [threading.Thread(target=work, args=(source,)) for source in sources]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (run.dropped, len(events(run))) == (0, 40)
    for name, size in (("artifacts/last.pt", 2_000_000), ("note.json", 50_000)):
        data = (run.dir / name).read_bytes()
        assert (len(data), len(set(data))) == (size, 1)
    assert [path for path in run.dir.rglob(".*") if path.suffix in {".tmp", ".whirr-part"}] == []


def test_no_two_drafts_are_one_file(project: Path) -> None:
    """Also of one process: two of its threads, or a signal handler in the middle of a writing."""
    drafts = [draft_of(project / "meta.json", ".tmp") for _ in range(2)]
    assert len(set(drafts)) == 2
    os.close(create(drafts[0]))
    with pytest.raises(FileExistsError):
        create(drafts[0])


def test_of_ranks_in_one_process_one_describes_the_run(project: Path) -> None:
    failed: list[OSError] = []
    for number in range(30):
        place = _place.find({"WHIRR_RUN_DIR": str(project / f"run{number}")}, project)
        metas = [Meta(place, f"r{n}", name=None, project=None, tags=()) for n in range(1, 5)]
        at_once = threading.Barrier(len(metas))

        def save(each: Meta, at_once: threading.Barrier = at_once) -> None:
            at_once.wait()
            try:
                each.save()
            except OSError as error:
                failed.append(error)

        threads = [threading.Thread(target=save, args=(each,)) for each in metas]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert ([each.ours for each in metas].count(True), failed) == (1, [])
        assert meta(place.folder)["id"] == place.run_id
        assert {path.name for path in place.folder.iterdir()} == {"meta.json", "artifacts"}


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        (["hub.token=canary", "lr=3"], ["hub.token=***", "lr=3"]),
        (["+wandb.api_key=canary=="], ["+wandb.api_key=***"]),
        (["--set=hub.token=canary"], ["--set=hub.token=***"]),
        (["--db", "postgres://u:canary@h/x?a=1"], ["--db", "postgres://h/x?a=1"]),
        (["db=mysql://u:can@ary@h:3/x,http://h/a@b"], ["db=mysql://h:3/x,http://h/a@b"]),
        (["https://h/x?a=1&token=canary"], ["https://h/x?a=1&token=***"]),
        (["--token", "canary", "a=b"], ["--token", "***", "a=b"]),
        (
            ["--token", "--lr=3", "model.tokenizer=bert"],
            ["--token", "--lr=3", "model.tokenizer=bert"],
        ),
    ],
)
def test_no_secret_of_the_command_line_is_kept(
    said: list[str], kept: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["train.py", *said])
    assert meta(begin().dir)["argv"] == ["train.py", *kept]


def test_tags_are_a_list() -> None:
    with pytest.raises(TypeError, match="list"):
        begin(tags="one")


def test_open_files_do_not_pile_up() -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(20):
        begin().finish()
    assert len(list(Path("/proc/self/fd").iterdir())) <= before + 1
    assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] > 0
