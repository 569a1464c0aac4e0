"""What a training script says is on disk when the call returns."""

import json
import math
from fractions import Fraction
from pathlib import Path

import pytest

import whirr
from tests.client.projects import begin, lines, meta

pytestmark = pytest.mark.usefixtures("project")


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


def test_a_direct_run_has_a_folder_for_checkpoints_and_goes_on_from_nothing() -> None:
    run = begin()
    assert run.checkpoint_dir == run.dir / "checkpoints"
    assert run.checkpoint_dir.is_dir()
    assert not run.resumed


def test_a_job_that_goes_on_finds_the_folder_of_all_its_attempts(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_RUN_DIR", str(tmp_path / "attempts" / "2"))
    monkeypatch.setenv("WHIRR_CHECKPOINT_DIR", str(tmp_path / "checkpoints"))
    monkeypatch.setenv("WHIRR_RESUME", "1")
    run = begin()
    assert (run.checkpoint_dir, run.resumed) == (tmp_path / "checkpoints", True)


def test_a_folder_for_checkpoints_that_cannot_be_made_is_no_reason_to_stop(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("in the way")
    monkeypatch.setenv("WHIRR_RUN_DIR", str(tmp_path / "run"))
    monkeypatch.setenv("WHIRR_CHECKPOINT_DIR", str(tmp_path / "file" / "checkpoints"))
    run = begin()
    assert run.checkpoint_dir == tmp_path / "file" / "checkpoints"
    assert run.dropped == 1


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
