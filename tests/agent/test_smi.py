"""What nvidia-smi's answers are taken for, and its silence."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.agent.fake_smi import FakeSmi
from tests.agent.watching import wait_for
from worker_agent import children, smi, watch
from worker_agent.board import Board
from worker_agent.log import Log
from worker_agent.smi import Failed, Gpu, Silent, Smi
from worker_agent.watch import Watch


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeSmi]:
    fake = FakeSmi(tmp_path / "bin", 2)
    monkeypatch.setenv("PATH", fake.path)
    yield fake
    for pid in children.abandoned:
        os.waitpid(pid, 0)
    children.abandoned.clear()


@pytest.mark.parametrize(
    ("row", "load"),
    [
        ("0, GPU-0, [N/A], [N/A], [N/A], [N/A], [N/A], [N/A]", (None, None, None, None)),
        ("0, GPU-0, 7, 12, 41, 55.10, [Not Supported], None", (7, 12, 41, 55.1)),
        (
            "0, GPU-0, [Insufficient Permissions], 1, 1, 1, No, [N/A]",
            (None, 1, 1, 1),
        ),
        ("0, GPU-0, nan, inf, 1, 1, No, None", (None, None, 1, 1)),
    ],
)
def test_what_is_not_told_is_no_trouble(told: FakeSmi, row: str, load: tuple[Any, ...]) -> None:
    told.prints("load", row)
    (seen,) = Smi().look([])
    assert tuple(seen.load.values()) == (0, *load)
    assert seen.trouble == ""


@pytest.mark.parametrize(
    ("row", "trouble"),
    [
        ("0, GPU-0, 0, [Unknown Error], 30, 60, No, None", "Unknown Error"),
        ("0, GPU-0, [GPU requires reset], 4, 30, 60, No, None", "requires reset"),
        ("0, GPU-0, 0, 4, 30, ERR!, No, None", "ERR! of its power.draw"),
        ("0, GPU-0, 0, 4, 30, 60, Yes, None", "uncorrected memory errors are pending"),
        ("0, GPU-0, 0, 4, 30, 60, [N/A], Drain and Reset", "an action: Drain and Reset"),
    ],
)
def test_a_gpu_that_cannot_be_trusted_is_in_trouble(told: FakeSmi, row: str, trouble: str) -> None:
    told.prints("load", row)
    assert trouble in Smi().look([])[0].trouble


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("Failed to initialize NVML: Driver/library version mismatch", 18),
        ("NVIDIA-SMI has failed because it couldn't communicate with the driver.", 9),
        ("Failed to initialize NVML: Insufficient Permissions", 4),
        ("", 139),
    ],
)
def test_a_driver_that_does_not_answer_says_nothing_of_any_gpu(
    told: FakeSmi, said: str, code: int
) -> None:
    told.prints("load", said, code=code)
    with pytest.raises(Failed, match=said or "ended with 139"):
        Smi().look([Gpu(0, "", "GPU-0", 0)])


def test_a_damaged_inforom_is_a_warning_below_a_whole_answer(told: FakeSmi) -> None:
    warning = "WARNING: infoROM is corrupted at gpu 0000:41:00.0"
    told.prints("load", told.row(0), warning, code=14)
    assert [(seen.index, seen.trouble) for seen in Smi().look([])] == [(0, "")]


def test_names_of_programs_may_hold_anything(told: FakeSmi) -> None:
    told.prints(
        "apps",
        "GPU-0, 12, /opt/a, b/train, 20480",
        "GPU-1, 13, [Not Found], [N/A]",
        "No running processes found",
        "[Not Supported]",
    )
    found = [(app.uuid, app.pid, app.name, app.memory_mb) for app in Smi().apps([])]
    assert found == [
        ("GPU-0", 12, "/opt/a, b/train", 20480),
        ("GPU-1", 13, "[Not Found]", None),
    ]


def test_one_that_hangs_is_killed_and_not_asked_again_while_it_lives(
    told: FakeSmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smi, "PATIENCE", 0.2)
    told.hangs()
    with pytest.raises(Silent, match="did not answer"):
        Smi().look([])
    (pid,) = children.abandoned
    with pytest.raises(Silent, match="still hangs"):
        Smi().look([])
    assert len(told.calls) <= 1
    os.waitpid(pid, 0)
    children.abandoned.clear()
    told.recovers()
    assert len(Smi().look([])) == 2


def test_an_answer_that_no_gpu_of_ours_explains_is_none(told: FakeSmi) -> None:
    told.prints("load", "Failed to initialize NVML: Unknown", code=18)
    with pytest.raises(Failed, match="Failed to initialize NVML"):
        Smi().look([Gpu(0, "", "GPU-0", 0)])


def test_a_complaint_about_fields_that_names_none_makes_it_ask_for_less(told: FakeSmi) -> None:
    script = told.folder / "nvidia-smi"
    old = 'case "$*" in *retired*|*recovery*) echo "invalid" >&2; exit 2;; esac\n'
    script.write_text(script.read_text().replace("[ ! -e hang ]", old + "[ ! -e hang ]"))
    told.prints("load", "0, GPU-0, 0, 4, 30, 60")
    assert [(seen.index, seen.trouble) for seen in Smi().look([])] == [(0, "")]


def test_at_the_start_a_sick_gpu_does_not_hide_the_others(
    told: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An agent that saw no GPU at all would offer CPU slots."""
    for place in ("0000:17:00.0", "0000:65:00.0"):
        (tmp_path / "driver" / place).mkdir(parents=True)
    monkeypatch.setattr(smi, "_DRIVER", str(tmp_path / "driver"))
    said = "Unable to determine the device handle for GPU0000:17:00.0: Unknown Error"
    told.prints("facts", said, code=255)
    with pytest.raises(Failed):
        smi.gpus()
    told.prints("facts.0000:65:00.0", "1, NVIDIA A100, GPU-1, 40960, 550.54.15")
    assert [(gpu.index, gpu.uuid) for gpu in smi.gpus()] == [(1, "GPU-1")]
    assert len(smi.installed()) == 2


def test_somebody_elses_sick_gpu_is_not_our_trouble(told: FakeSmi) -> None:
    told.prints("load", "Unable to determine the device handle for GPU 0000:0B:00.0", code=255)
    told.prints("load.GPU-0", told.row(0))
    (seen,) = Smi().look([Gpu(0, "", "GPU-0", 0)])
    assert (seen.index, seen.trouble) == (0, "")


def test_whoever_talks_to_the_server_hears_that_a_gpu_is_free(
    tmp_path: Path, told: FakeSmi
) -> None:
    """A held call does not know of it, and would not offer it for as long as it is held."""
    board, rings = Board((0, 1), 0), []
    served = [Gpu(at, "A100", f"GPU-{at}", 40960) for at in range(2)]
    told.used(gpu1=30000)
    looks = Watch(
        served,
        board,
        Log("ERROR"),
        data_dir=str(tmp_path),
        every=3600.0,
        changed=lambda: rings.append(board.free_gpus()),
    )
    looks.start()
    wait_for(lambda: [0] in rings)
    told.used()
    wait_for(lambda: [0, 1] in rings)
    looks.stop()
    assert looks.load()["gpus"][1]["memory_used_mb"] == 4


def test_a_gpu_is_not_kept_from_everybody_because_nvidia_smi_fails(
    tmp_path: Path, told: FakeSmi, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After a job, and for a while without an answer: then it is as free as it was before."""
    monkeypatch.setattr(watch, "SETTLE", 0.0)
    told.prints("load", "Failed to initialize NVML: Driver/library version mismatch", code=18)
    board, rings = Board((0,), 0), []
    looks = Watch(
        [Gpu(0, "A100", "GPU-0", 40960)],
        board,
        Log("ERROR"),
        data_dir=str(tmp_path),
        every=3600.0,
        changed=lambda: rings.append(1),
    )
    looks.start()
    wait_for(lambda: board.free_gpus() == [0])
    looks.stop()
    assert rings
    assert "version mismatch" in looks.load()["gpu_trouble"]
    assert looks.load()["gpus"] == []


def test_only_one_that_is_not_there_is_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While it is replaced, or no process is to be had, it only does not answer."""
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(smi.Absent):
        smi.Smi().apps([])
    program = tmp_path / "nvidia-smi"
    shutil.copy("/bin/true", program)
    with program.open("ab"), pytest.raises(smi.Failed, match="Text file busy") as told:
        smi.Smi().apps([smi.Seen(0, "GPU-0", {}, "")])
    assert not isinstance(told.value, smi.Absent)
