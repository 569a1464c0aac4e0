"""What was exported and brought in again is the same, point for point."""

import hashlib
import io
import math
from pathlib import Path

import pytest

from runs import adopting, documents, exporting, recording, storage
from runs.models import Chunk, Run, Series
from tests.runs.factories import NOON, line, log, make_direct_run, make_run
from whirr.cli.downloads import unpack
from whirr.importing import exported
from whirr.importing.folders import Taken, take

pytestmark = pytest.mark.django_db

Sums = dict[tuple[str, str], tuple[int, str]]


def sums(run: Run) -> Sums:
    """Writer and key of each series of the newest attempt: how many points, and a checksum of all their bytes."""
    return {
        (each.writer, each.key): (each.count, _sum(each))
        for each in Series.objects.filter(run=run, attempt=run.attempt)
    }


def _sum(series: Series) -> str:
    digest = hashlib.sha256()
    chunks = list(Chunk.objects.filter(series=series).order_by("start"))
    for column in ("steps", "values", "times"):
        digest.update(b"".join(bytes(getattr(chunk, column)) for chunk in chunks))
    return digest.hexdigest()


def fill(run: Run) -> None:
    """Every oddity that a line may have."""
    stamp = "2026-01-15T10:30:00.123457Z"
    lines = [line(_idx=at, _timestamp=stamp, step=at, loss=1 / (at + 0.1)) for at in range(20)]
    log(run, b"".join(lines))
    log(run, line(_idx=20, step=2**62, loss=0.1 + 0.2, up=math.inf, gone=math.nan, down=-math.inf))
    log(run, b"damaged\n" + line(a=1) + line(step=-5, loss=10**30, b="NaN", c="text", d=True))
    log(run, line(_idx=0, step=1, loss=5e-324), name="metrics.r1.jsonl")
    log(run, line(_idx=0, step=1, **{"system/cpu": 7.5}), name="system.jsonl")
    log(run, line(_idx=0, type="text", key="k", text="t"), name="events.jsonl")


def written(run: Run, form: str, tmp_path: Path) -> Path:
    data = b"".join(exporting.export(run, form))
    if form == "tar":
        unpack(io.BytesIO(data), run.key, tmp_path / run.key)  # type: ignore[arg-type]
        return tmp_path / run.key
    (tmp_path / "run.jsonl").write_bytes(data)
    return tmp_path / "run.jsonl"


def brought_in(path: Path, data_dir: Path) -> Taken:
    read = exported.from_folders if path.is_dir() else exported.from_lines
    [source] = read(path, pytest.fail)
    return take(source, data_dir / "runs")


@pytest.mark.parametrize("form", ["jsonl", "tar"])
def test_a_direct_run_comes_back_under_its_id_with_the_same_series(
    form: str, data_dir: Path, tmp_path: Path
) -> None:
    run = make_direct_run()
    fill(run)
    documents.put(run, 1, "meta.json", b'{"name": "n", "tags": ["a"], "summary": {"x": 0.1}}')
    documents.put(run, 1, "config.json", b'{"lr": 0.1}')
    run.refresh_from_db()
    before, path = sums(run), written(run, form, tmp_path)
    assert len(before) == 9
    storage.run_folder(run.key).rename(tmp_path / "away")
    run.delete()

    assert brought_in(path, data_dir).run_id == run.key
    adopting.adopt_all(now=NOON)
    again = Run.objects.get(key=run.key)
    assert sums(again) == before
    assert (again.name, again.tags, again.config) == ("n", ["a"], {"lr": 0.1})
    assert again.summary["x"] == 0.1
    assert not brought_in(path, data_dir).is_new


@pytest.mark.parametrize("form", ["jsonl", "tar"])
def test_a_jobs_run_comes_back_as_a_direct_one_and_keeps_earlier_attempts(
    form: str, data_dir: Path, tmp_path: Path
) -> None:
    run = make_run(name="job")
    log(run, line(_idx=0, step=0, loss=9.5))
    recording.begin_attempts([(run, 2, "node1")], now=NOON)
    run.refresh_from_db()
    fill(run)
    before, path = sums(run), written(run, form, tmp_path)

    first = brought_in(path, data_dir)
    assert first.is_new
    adopting.adopt_all(now=NOON)
    again = Run.objects.get(key=first.run_id)
    found = sums(again)
    earlier = found.pop(("a1", "loss"))
    assert found == before
    assert earlier[0] == 1
    assert brought_in(path, data_dir) == Taken(first.run_id, is_new=False, remarks=[])


def test_an_export_that_broke_off_is_brought_in_as_far_as_it_goes_and_says_so(
    data_dir: Path, tmp_path: Path
) -> None:
    run = make_direct_run()
    fill(run)
    path = written(run, "jsonl", tmp_path)
    storage.run_folder(run.key).rename(tmp_path / "away")
    path.write_bytes(path.read_bytes()[:-200])
    remarks = brought_in(path, data_dir).remarks
    assert any("broke off" in remark for remark in remarks)
