"""Nothing that goes wrong around a training breaks it, and nothing is lost without being counted."""

import json
import shutil
import time
from argparse import Namespace
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import pytest

import whirr
from tests.client.projects import begin, lines, meta, only_run, read_lines, script
from whirr import _surroundings

pytestmark = pytest.mark.usefixtures("project")
QUIETLY = "capture_pip=False, capture_git=False, system_metrics=False"


class Broken:
    """Whatever is asked of it, it raises."""

    __slots__ = ()

    def __float__(self) -> float:
        raise RuntimeError("broken")

    def __str__(self) -> str:
        raise RuntimeError("broken")

    __repr__ = __str__
    __hash__ = object.__hash__


class Interrupting:
    def __float__(self) -> float:
        raise KeyboardInterrupt


@pytest.mark.parametrize(
    "values", [None, 7, "text", [1], {Broken(): 1}, {"a": Broken()}, {"_idx": 1}, {"a": 10**400}]
)
def test_what_cannot_be_logged_is_counted(values: Any) -> None:
    run = begin()
    run.log(values)
    run.log({"good": 1})
    assert (run.dropped, len(lines(run))) == (1, 1)


def test_a_mapping_that_holds_itself_ends() -> None:
    endless: dict[str, Any] = {"a": 1}
    endless["b"] = endless
    run = begin()
    run.log(endless)
    assert lines(run)[0]["b/b/b/a"] == 1
    assert run.dropped == 1


@pytest.mark.parametrize("step", ["x", float("nan"), 2**63, Broken(), [1]])
def test_a_step_that_is_none_is_left_out(step: Any) -> None:
    run = begin()
    run.log({"a": 1}, step=step)
    assert ("step" in lines(run)[0], run.dropped) == (False, 1)


def test_a_fractional_step_is_cut_and_that_is_said_once(caplog: pytest.LogCaptureFixture) -> None:
    run = begin()
    for step in (0.0, 0.25, 1.75):
        run.log({"a": 1}, step=step)  # type: ignore[arg-type]
    run.log({"a": 1, "step": 2.5})
    assert ([line["step"] for line in lines(run)], run.dropped) == ([0, 0, 1, 2], 0)
    (said,) = [record.getMessage() for record in caplog.records]
    assert "a step is a whole number; 0.25 is recorded as 0" in said


def test_steps_and_keys_are_kept_in_every_form() -> None:
    class Phase(str, Enum):  # noqa: UP042  (formatted in another way by each Python)
        TRAIN = "train"

    run = begin()
    run.log({"a": 1}, step=-(2**63))
    run.log({"a": 1}, step=5.0)  # type: ignore[arg-type]
    mixed: dict[Any, Any] = {Phase.TRAIN: 1, 7: 2, 'quo"te\n': 3, "µ": 4}
    run.log(mixed)
    run.log({"train": 2})
    assert [line.get("step") for line in lines(run)] == [-(2**63), 5, None, None]
    assert list(lines(run)[2].values())[2:] == [1, 2, 3, 4]
    assert list(lines(run)[2])[2:] == ["train", "7", 'quo"te\n', "µ"]


def test_every_float_is_kept_to_its_last_bit() -> None:
    values = [0.1, 1e-320, -0.0, 1e300, 5e-324, 1.7976931348623157e308, 1 / 3]
    run = begin()
    for value in values:
        run.log({"a": value})
    assert [line["a"].hex() for line in lines(run)] == [value.hex() for value in values]


def test_an_interrupt_is_nobodys_to_keep() -> None:
    run = begin()
    with pytest.raises(KeyboardInterrupt):
        run.log({"a": Interrupting()})
    run.log({"a": 1})
    assert len(lines(run)) == 1


@pytest.mark.parametrize(
    "call",
    [
        lambda run: run.summary(7),
        lambda run: run.summary({"a": Broken()}),
        lambda run: run.save_artifact(None),
        lambda run: run.save_artifact(7),
        lambda run: run.log_text(Broken(), "x"),
        lambda run: run.log_text("x", Broken()),
        lambda run: run.log_image("x", Broken()),
        lambda run: run.log_table("x", Broken()),
        lambda run: run.log_histogram("x", Broken()),
        lambda run: run.alert(Broken()),
    ],
)
def test_what_cannot_be_kept_is_counted(call: Any) -> None:
    run = begin()
    call(run)
    assert run.dropped == 1
    run.finish()
    assert meta(run.dir)["dropped"] == 1


def test_a_config_is_kept_in_every_form() -> None:
    class Device(Enum):
        GPU = 1

    @dataclass
    class Optimizer:
        lr: float
        _cache: int = 0

    wish = {"when": date(2026, 1, 2), "on": Device.GPU, "by": Optimizer(0.1), "at": Path("/a")}
    assert begin(config=wish).config == {
        "when": "2026-01-02", "on": "Device.GPU", "by": {"lr": 0.1}, "at": "/a",
    }  # fmt: skip
    assert begin(config=Optimizer(0.2)).config == {"lr": 0.2}
    assert begin(config=Namespace()).config == {}


def test_a_config_that_cannot_be_kept_is_counted() -> None:
    assert begin(config={"a": Broken()}).dropped == 1


def test_strict_raises_from_everything() -> None:
    run = begin(strict=True)
    calls: tuple[Callable[[], object], ...] = (
        lambda: run.log({"a": "x"}),
        lambda: run.log_image("a", "no-such.png"),
        lambda: run.alert("a", level="loud"),
        lambda: run.summary(7),  # type: ignore[arg-type]
        lambda: run.log_text("", "x"),
    )
    for call in calls:
        with pytest.raises((TypeError, ValueError, OSError)):
            call()


def test_a_full_disk_is_counted_on_the_way(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """/dev/full takes nothing; the run page shows how much is missing while the training goes on."""
    monkeypatch.setenv("WHIRR_RUN_DIR", str(project / "attempt"))
    (project / "attempt").mkdir()
    (project / "attempt" / "metrics.jsonl").symlink_to("/dev/full")
    run = begin()
    for step in range(100):
        run.log({"a": step}, step=step)
    assert run.dropped == 100
    assert meta(run.dir)["dropped"] >= 1
    run.finish()
    assert (meta(run.dir)["dropped"], meta(run.dir)["status"]) == (100, "completed")


SMALL_DISK = f"""
import json, resource, signal, whirr
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
run = whirr.init({QUIETLY})
free = resource.getrlimit(resource.RLIMIT_FSIZE)
for limit in (3000, 3011, 3500, 4000):  # lines are torn in different places
    resource.setrlimit(resource.RLIMIT_FSIZE, (limit, free[1]))
    for step in range(40): run.log({{"a": step, "b": 0.5}}, step=step)
    resource.setrlimit(resource.RLIMIT_FSIZE, free)
    for step in range(3): run.log({{"kept": limit + step}}, step=step)
run.finish()
print(run.dropped)
"""


def test_each_line_is_whole_or_counted(project: Path) -> None:
    done = script(SMALL_DISK, project)
    dropped = int(done.stdout)
    folder = only_run(project)
    texts = (folder / "metrics.jsonl").read_text().splitlines()
    whole = []
    for text in texts:
        try:
            whole.append(json.loads(text))
        except ValueError:
            assert "kept" not in text
    assert len(whole) + dropped == 4 * 43
    assert [line["kept"] for line in whole if "kept" in line] == [
        limit + step for limit in (3000, 3011, 3500, 4000) for step in range(3)
    ]
    numbers = [line["_idx"] for line in whole]
    assert numbers == list(range(len(whole)))
    assert (meta(folder)["dropped"], done.stderr.count("metrics")) == (dropped, 1)


def wait_until_counted(run: whirr.Run) -> None:
    """The file is looked at once a second."""
    until = time.monotonic() + 30
    while not run.dropped and time.monotonic() < until:
        run.log({"a": 1})
        time.sleep(0.01)


def test_a_folder_that_is_deleted_is_noticed() -> None:
    run = begin()
    run.log({"a": 1})
    shutil.rmtree(run.dir)
    wait_until_counted(run)
    before = run.dropped
    run.log({"a": 1})
    run.log_text("t", "x")
    run.summary({"a": 1})
    assert (before, run.dropped) == (1, 4)
    assert not run.dir.exists()  # somebody wanted it gone
    run.finish()


def test_a_program_that_closes_all_files_goes_on_in_its_own(project: Path) -> None:
    """As daemons do; the next file that is opened then has the number of ours, and must not get our lines."""
    code = f"""
import os, time, whirr
run = whirr.init({QUIETLY})
run.log({{"a": 1}})
begun = int(time.time())
while int(time.time()) == begun: time.sleep(0.01)
os.closerange(3, 100)
others = [os.open("stranger", os.O_RDWR | os.O_CREAT) for _ in range(20)]
run.log({{"a": 2}})
run.finish()
print(run.id, run.dropped, os.stat("stranger").st_size)
"""
    done = script(code, project)
    run_id, dropped, strangers = done.stdout.split()
    found = read_lines(project / ".whirr" / "runs" / run_id / "metrics.jsonl")
    assert ([line["a"] for line in found], dropped, strangers) == ([1, 2], "0", "0")


@pytest.mark.parametrize("patience", ["", "x", "-1", "nan", "1e99"])
def test_a_patience_that_cannot_be_meant_is_replaced(
    patience: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WHIRR_FINISH_PATIENCE", patience)
    said: list[str] = []
    assert _surroundings.patience(lambda subject, _: said.append(subject)) == 10
    assert said == (["WHIRR_FINISH_PATIENCE"] if patience else [])
