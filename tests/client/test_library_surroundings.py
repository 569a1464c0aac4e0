"""What is measured, captured and delivered beside a training, and that none of it holds the training up."""

import json
import os
import socket
import stat
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

import whirr
from tests.client.projects import ROOT, begin, meta, only_run, read_lines, script
from tests.support import interpreters
from whirr import _capture, _system

pytestmark = pytest.mark.usefixtures("project")
PYTHONS = interpreters.found()


def first_system_line(run: whirr.Run, key: str) -> dict[str, float]:
    until = time.monotonic() + 30
    while time.monotonic() < until:
        for line in read_lines(run.dir / "system.jsonl") if _written(run) else ():
            if key in line:
                return line
        time.sleep(0.02)
    raise AssertionError(f"no {key} in system.jsonl")


def _written(run: whirr.Run) -> bool:
    file = run.dir / "system.jsonl"
    return file.exists() and file.read_bytes().endswith(b"\n")


def test_a_direct_run_is_measured() -> None:
    """This process, and what it starts."""
    run = begin(system_metrics=0.1)
    child = subprocess.Popen([sys.executable, "-c", "while True: pass"])
    try:
        until = time.monotonic() + 30
        line = first_system_line(run, "system/cpu_percent")
        while line["system/processes"] < 2 or line["system/cpu_percent"] < 10:
            assert time.monotonic() < until
            time.sleep(0.05)
            line = read_lines(run.dir / "system.jsonl")[-1]
    finally:
        child.kill()
        child.wait()
    assert line["system/rss_mb"] > 10
    assert line["system/node/memory_used_mb"] > 10
    assert line["system/node/disk_free_mb"] > 0
    assert 0 <= line["system/node/cpu_percent"] <= 100
    run.finish()
    ended = (run.dir / "system.jsonl").stat().st_size
    numbers = [line["_idx"] for line in read_lines(run.dir / "system.jsonl")]
    assert numbers == list(range(len(numbers)))
    assert (run.dir / "system.jsonl").stat().st_size == ended


def test_a_job_is_measured_by_its_agent(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    run = begin(system_metrics=0.1)
    run.finish()
    assert not (run.dir / "system.jsonl").exists()


@pytest.fixture
def nvidia_smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    program = tmp_path / "bin" / "nvidia-smi"
    program.parent.mkdir()
    program.write_text(
        '#!/bin/sh\necho "0, GPU-aa, 97, 40536, 61, 402.25"; echo "1, GPU-bb, 1, 3, 30, [N/A]"\n'
    )
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:{os.environ['PATH']}")
    return program


@pytest.mark.usefixtures("nvidia_smi")
def test_gpus_are_measured_where_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0")
    run = begin(system_metrics=0.1)
    line = first_system_line(run, "system/gpu0/utilization")
    assert (line["system/gpu0/memory_used_mb"], line["system/gpu0/power_w"]) == (40536, 402.25)
    assert not any("gpu1" in key for key in line)


def test_an_nvidia_smi_that_hangs_or_fails_is_said_once(
    nvidia_smi: Path, caplog: pytest.LogCaptureFixture
) -> None:
    nvidia_smi.write_text("#!/bin/sh\nexit 9\n")
    run = begin(system_metrics=0.1)
    until = time.monotonic() + 30
    while not caplog.records and time.monotonic() < until:
        time.sleep(0.02)
    run.finish()
    assert [record.getMessage().count("nvidia-smi ended with 9") for record in caplog.records] == [
        1
    ]
    caplog.clear()
    nvidia_smi.write_text("#!/bin/sh\nexec sleep 600\n")
    run = begin(system_metrics=0.1)
    first_system_line(run, "system/cpu_percent")
    run.finish()  # and waits for nobody
    assert not caplog.records


@pytest.mark.parametrize(
    ("visible", "seen"),
    [
        (None, "01"),
        ("", ""),
        ("1", "1"),
        ("GPU-a", "0"),
        ("1,0", "01"),
        ("7", ""),
        ("NoDevFiles", ""),
    ],
)
def test_only_the_gpus_of_this_program_are_its_own(visible: str | None, seen: str) -> None:
    text = "0, GPU-aa, 1, 2, 3, 4\n1, GPU-bb, 1, 2, 3, nan\ngarbage\n1, 2\n"
    found = _system.figures_of(text, visible)
    assert "".join(sorted({key[10] for key in found})) == seen
    assert "system/gpu1/power_w" not in found


@pytest.mark.parametrize("wish", [0, -1, "often", None, float("nan")])
def test_an_interval_that_cannot_be_meant_is_said_at_once(wish: object) -> None:
    with pytest.raises(ValueError, match="system_metrics"):
        begin(system_metrics=wish)


@pytest.mark.parametrize(
    ("url", "kept"),
    [
        ("https://user:canary@host/a/b.git", "https://host/a/b.git"),
        ("https://canary@host:8443/a?token=canary#canary", "https://host:8443/a"),
        ("ssh://git:canary@host:22/a.git", "ssh://host:22/a.git"),
        ("git@host:a/b.git", "git@host:a/b.git"),
        ("canary@host:a/b.git", "host:a/b.git"),
        ("https://us@er:canary@host/a", "https://host/a"),
        ("/srv/git/a", "/srv/git/a"),
        ("", ""),
    ],
)
def test_the_address_of_a_repository_is_kept_without_its_secrets(url: str, kept: str) -> None:
    assert _capture.without_credentials(url) == kept


def test_a_dirty_repository_is_described_up_to_a_limit(project: Path) -> None:
    git = ["git", "-c", "user.name=x", "-c", "user.email=x@y"]
    (project / "code.py").write_text("a = 1\n")
    remote = ["remote", "add", "origin", "https://me:canary@host/a.git"]
    for arguments in (["init", "-q"], remote, ["add", "code.py"], ["commit", "-qm", "1"]):
        subprocess.run([*git, *arguments], cwd=project, check=True, capture_output=True)
    (project / "code.py").write_text("a = 2\n" * 400_000)
    (project / "new.py").write_text("canary")
    script("import whirr\nwhirr.init(capture_pip=False)", project / "src")
    folder = only_run(project)
    facts = json.loads((folder / "git.json").read_text())
    assert (facts["remote"], facts["dirty"]) == ("https://host/a.git", True)
    assert (facts["diff_truncated"], (folder / "git.diff").stat().st_size) == (True, 2**20)
    assert "new.py" in facts["untracked"]
    assert not any(b"canary" in path.read_bytes() for path in folder.rglob("*") if path.is_file())


BLACK_HOLE = """
import json, sys, time, whirr
run = whirr.init(system_metrics=False)
for step in range(2000): run.log({"a": step}, step=step)
begun = time.monotonic()
run.finish()
print(run.dir, run.dropped)
"""


def test_a_server_that_never_answers_holds_nothing_up(project: Path) -> None:
    """It takes connections and says nothing. The wait at the end is bounded, and what to do is said."""
    with socket.create_server(("127.0.0.1", 0)) as hole:
        url = f"http://127.0.0.1:{hole.getsockname()[1]}"
        done = script(
            BLACK_HOLE, project, WHIRR_SERVER_URL=url, WHIRR_TOKEN="t", WHIRR_FINISH_PATIENCE="0.2"
        )
    folder = only_run(project)
    for process in psutil.process_iter(["cmdline"]):  # the shipper goes on trying
        if str(folder) in (process.info["cmdline"] or []):
            process.kill()
    assert done.stdout == f"{folder} 0\n", done.stderr
    assert f"whirr sync {folder}" in done.stderr
    assert "WHIRR_FINISH_PATIENCE" in done.stderr
    assert len(read_lines(folder / "metrics.jsonl")) == 2000
    assert meta(folder)["status"] == "completed"


SMOKE = """
import whirr
with whirr.init(name="smoke", config={"lr": 0.1}, system_metrics=0.1) as run:
    for step in range(100): run.log({"loss": 1 / (step + 1), "nested": {"nan": float("nan")}}, step=step)
    run.log_text("t", "x"); run.log_table("t", columns=["a"], rows=[[1]])
    run.log_histogram("h", range(100)); run.alert("a"); run.summary({"best": 1})
    from whirr import _images
    run.log_image("i", _images.png(bytes(12), width=2, height=2, channels=3))
    run.save_artifact(run.dir / "meta.json")
again = whirr.init(resume=run.id)
again.log({"loss": 0}, step=100)
assert run.dropped == again.dropped == 0
"""


@pytest.mark.parametrize("python", PYTHONS.values(), ids=list(PYTHONS))
def test_the_library_runs_on_this_python(python: str, project: Path) -> None:
    """With nothing but that Python, and every warning an error."""
    done = subprocess.run(
        [python, "-W", "error", "-c", f"import sys; sys.path.insert(0, {str(ROOT)!r})\n{SMOKE}"],
        cwd=project,
        env={key: value for key, value in os.environ.items() if key != "PYTHONPATH"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    folder = only_run(project)
    assert len(read_lines(folder / "metrics.jsonl")) == 101
    assert len(read_lines(folder / "events.jsonl")) == 5
    assert (meta(folder)["resumed"], meta(folder)["status"]) == (1, "completed")
