"""What leaves the server is what was logged: every record, every digit, of every writer and attempt."""

import contextlib
import csv
import io
import json
import math
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow.parquet as parquet
import pytest
from django.test import Client

from runs import artifacts, documents, recording, storage
from runs.models import Run
from tests.runs.factories import NOON, line, log, make_direct_run, make_run
from tests.site.asking import owner

pytestmark = pytest.mark.django_db

DIGITS = 0.12345678901234567
LARGE = 2**62


@pytest.fixture
def run() -> Run:
    """Two attempts; the second has a rank, a measurement, events and an artifact."""
    run = make_run(name="=1+1", tags=["a"], config={"lr": 0.1})
    log(run, line(_idx=0, _timestamp="2026-01-15T10:30:00.123456Z", step=0, loss=9.5))
    recording.begin_attempts([(run, 2, "node1")], now=NOON)
    run.refresh_from_db()
    log(run, line(_idx=0, _timestamp="2026-01-15T10:31:00.5Z", step=LARGE, loss=DIGITS))
    log(run, line(_idx=1, step=1, loss=math.nan, up=math.inf) + line(_idx=2, down=-math.inf))
    log(run, b"no json\n" + line(_idx=4, **{"=cmd()": -2, "loss": 10**30}) + b'{"torn')
    log(run, line(_idx=0, step=7, loss=1.25), name="metrics.r1.jsonl")
    log(run, line(_idx=0, **{"system/cpu": 50.0}), name="system.jsonl")
    log(run, line(_idx=0, type="text", key="note", text="hé\u2028"), name="events.jsonl")
    documents.put(run, 2, "meta.json", b'{"name": "x", "summary": {"best": 0.5}, "source": "s"}')
    artifacts.receive(run, 2, "deep/model.bin", offset=0, size=5, data=b"\0\1\2\3\4", now=NOON)
    run.refresh_from_db()
    return run


def fetch(run: Run, query: str = "", status: int = 200) -> bytes:
    answer: Any = owner().get(f"/api/v1/runs/{run.key}/export{query}")
    whole = b"".join(answer.streaming_content) if answer.streaming else answer.content
    assert answer.status_code == status, whole
    assert isinstance(whole, bytes)
    return whole


def objects(data: bytes) -> Iterator[dict[str, Any]]:
    def refuse(word: str) -> None:
        raise AssertionError(f"{word} is not JSON")

    return (json.loads(text, parse_constant=refuse) for text in data.decode().split("\n") if text)


def test_json_lines_hold_everything_and_say_where_they_end(run: Run) -> None:
    found = list(objects(fetch(run)))
    head, end = found[0], found[-1]
    assert head["run"]["id"] == run.key
    assert (head["run"]["config"], head["run"]["tags"]) == ({"lr": 0.1}, ["a"])
    assert head["run"]["summary"]["best"] == 0.5
    assert [each["attempt"] for each in head["run"]["attempts"]] == [1, 2]
    assert head["run"]["attempts"][1]["meta"]["source"] == "s"
    assert end == {"record": "end", "lines": len(found) - 1}
    metrics = [each for each in found if each["record"] == "metrics"]
    assert [(each["attempt"], each["writer"]) for each in metrics] == [
        (1, ""), *[(2, "")] * 5, (2, "system"), (2, "r1")
    ]  # fmt: skip
    assert metrics[1]["line"]["loss"] == DIGITS
    assert metrics[1]["line"]["step"] == LARGE
    assert (metrics[2]["line"]["loss"], metrics[2]["line"]["up"]) == ("NaN", "Infinity")
    assert metrics[3]["line"]["down"] == "-Infinity"
    assert metrics[4]["damaged"] == "no json"
    assert metrics[5]["line"]["loss"] == 10**30
    [event] = [each for each in found if each["record"] == "event"]
    assert event["line"]["text"] == "hé\u2028"
    [artifact] = [each for each in found if each["record"] == "artifact"]
    assert (artifact["path"], artifact["size"]) == ("deep/model.bin", 5)


def test_json_is_the_same_as_one_object(run: Run) -> None:
    [whole] = objects(fetch(run, "?format=json").replace(b"\n", b" "))
    assert (len(whole["metrics"]), len(whole["events"]), len(whole["artifacts"])) == (8, 1, 1)
    [metrics] = objects(fetch(run, "?format=json&what=metrics").replace(b"\n", b" "))
    assert metrics["metrics"] == whole["metrics"]
    assert "events" not in metrics


def test_a_torn_line_is_kept_as_damaged_once_nobody_can_finish_it(run: Run) -> None:
    Run.objects.filter(pk=run.pk).update(status="failed", finished_at=NOON)
    damaged = [each["damaged"] for each in objects(fetch(run)) if "damaged" in each]
    assert damaged == ["no json", '{"torn']


def test_csv_has_a_column_a_key_and_no_formula(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(fetch(run, "?format=csv").decode())))
    keys = ["'=cmd()", "down", "loss", "system/cpu", "up"]
    assert list(rows[0]) == ["run", "attempt", "writer", "step", "time", *keys]
    told = ["9.5", repr(DIGITS), "NaN", "", "1e+30", "", "1.25"]
    assert [row["loss"] for row in rows] == told
    assert [row["step"] for row in rows] == ["0", str(LARGE), "1", "2", "4", "0", "7"]
    assert (rows[2]["up"], rows[3]["down"], rows[4]["'=cmd()"]) == ("Infinity", "-Infinity", "-2")
    assert [row["writer"] for row in rows[-2:]] == ["system", "r1"]
    raw = fetch(run, "?format=csv&raw=true").decode()
    assert raw.startswith("run,attempt,writer,step,time,=cmd(),down")


def test_a_text_that_looks_like_a_formula_is_defused() -> None:
    run = make_run()
    log(run, line(_idx=0, _timestamp="@SUM(1)", a="+1", b="\t=1", c="-x", d="NaN"))
    told = fetch(run, "?format=csv").decode().splitlines()[1]
    assert told.endswith("0,'@SUM(1),'+1,'\t=1,'-x,NaN")


def test_parquet_has_a_row_a_point(run: Run, tmp_path: Path) -> None:
    path = tmp_path / "run.parquet"
    path.write_bytes(fetch(run, "?format=parquet"))
    table = parquet.read_table(path)
    told = {name: str(table.schema.field(name).type) for name in ("step", "time", "value")}
    assert told == {"step": "int64", "time": "timestamp[us, tz=UTC]", "value": "double"}
    rows = table.to_pylist()
    loss = [row for row in rows if (row["attempt"], row["key"], row["writer"]) == (2, "loss", "")]
    assert [row["step"] for row in loss] == [LARGE, 1, 4]
    assert loss[0]["value"] == DIGITS
    assert math.isnan(loss[1]["value"])
    assert loss[0]["time"].isoformat() == "2026-01-15T10:31:00.500000+00:00"
    assert loss[1]["time"] is None
    assert {row["writer"] for row in rows} == {"", "r1", "system"}


def test_a_tar_is_the_folder_with_what_the_database_knows(run: Run) -> None:
    packed = io.BytesIO(fetch(run, "?format=tar"))

    def content(name: str) -> bytes:
        packed.seek(0)
        with tarfile.open(fileobj=packed) as archive:
            file = archive.extractfile(f"{run.key}/{name}")
            assert file is not None
            return file.read()

    assert json.loads(content("run.json"))["id"] == run.key
    for name in ("metrics.jsonl", "metrics.r1.jsonl", "events.jsonl", "meta.json"):
        assert content(f"attempts/2/{name}") == (storage.attempt_folder(run, 2) / name).read_bytes()
    assert content("attempts/1/metrics.jsonl").startswith(b'{"_idx": 0')
    assert content("attempts/2/artifacts/deep/model.bin") == b"\0\1\2\3\4"


def test_a_tar_holds_what_was_opened_however_a_file_changes_meanwhile(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A stream that grows, and a document and a shared artifact that another one replaces, while they are written."""
    folder = storage.attempt_folder(run, 2)
    (folder / "git.diff").write_bytes(b"old" * 100)
    (folder / "artifacts").mkdir(exist_ok=True)
    (folder / "artifacts" / "shared.bin").write_bytes(b"before")
    artifacts.collect_shared(run, 2)
    (folder / "artifacts" / "shared.bin").write_bytes(b"of another size")
    honest = storage.reading

    @contextlib.contextmanager
    def overtaken(path: Path) -> Iterator[Any]:
        with honest(path) as file:
            if path.name == "git.diff":
                (folder / "new").write_bytes(b"new")
                (folder / "new").replace(path)
            elif path.name == "metrics.r1.jsonl":
                with path.open("ab") as growing:
                    growing.write(line(_idx=1, step=8))
            yield file

    before = (folder / "metrics.r1.jsonl").read_bytes()
    monkeypatch.setattr(storage, "reading", overtaken)
    with tarfile.open(fileobj=io.BytesIO(fetch(run, "?format=tar"))) as archive:
        found = {member.name.removeprefix(f"{run.key}/attempts/2/"): member for member in archive}

        def content(name: str) -> bytes:
            file = archive.extractfile(found[name])
            assert file is not None
            return file.read()

        assert content("git.diff") == b"old" * 100
        assert content("metrics.r1.jsonl") == before
        assert content("artifacts/shared.bin") == b"of another size"


def test_a_run_that_has_not_begun_is_exported_empty() -> None:
    run = make_run(attempt=0)
    assert [each["record"] for each in objects(fetch(run))] == ["run", "end"]
    assert fetch(run, "?format=csv") == b"run,attempt,writer,step,time\n"
    assert fetch(run, "?format=parquet").startswith(b"PAR1")


def test_what_a_link_leads_to_is_not_exported(tmp_path: Path) -> None:
    run = make_direct_run()
    folder = storage.run_folder(run.key)
    folder.mkdir(parents=True)
    (tmp_path / "secret").write_text('{"password": 1}\n')
    for name in ("metrics.jsonl", "events.jsonl", "meta.json"):
        (folder / name).symlink_to(tmp_path / "secret")
    for form in ("jsonl", "json", "csv", "tar"):
        assert b"password" not in fetch(run, f"?format={form}"), form


@pytest.mark.parametrize(
    "query",
    [
        "?format=xlsx",
        "?raw=perhaps",
        "?what=half",
        "?format=csv&what=all",
        "?format=tar&what=metrics",
    ],
)
def test_what_cannot_be_had_is_refused_before_a_byte_is_sent(query: str) -> None:
    assert json.loads(fetch(make_run(), query, status=400))["code"] == "invalid"


def test_parquet_without_pyarrow_names_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    detail = json.loads(fetch(make_run(), "?format=parquet", status=400))["detail"]
    assert "whirr[parquet]" in detail


def test_nobody_else_may_have_it() -> None:
    assert Client().get(f"/api/v1/runs/{make_run().key}/export").status_code == 401
    assert owner().get("/api/v1/runs/job-99999999/export").status_code == 404
