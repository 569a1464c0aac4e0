"""A GPU node stays one: an nvidia-smi that does not answer at the start is asked again, for minutes."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer
from tests.agent.fake_smi import FakeSmi
from tests.agent.watching import wait_for
from worker_agent import children, resident, smi
from worker_agent.log import Log
from worker_agent.settings import Settings

BROKEN = "NVIDIA-SMI has failed because it couldn't communicate with the NVIDIA driver."


@pytest.fixture
def fake(tmp_path: Path, nap: str, monkeypatch: pytest.MonkeyPatch) -> FakeSmi:
    fake = FakeSmi(tmp_path / "bin", 2, nap)
    monkeypatch.setenv("PATH", fake.path)
    monkeypatch.setattr(resident, "_GPU_PAUSE", 0.05)
    return fake


def settings(
    tmp_path: Path, *, gpus: list[int] | str | None = "all", gpu_ids: str = "index"
) -> Settings:
    return Settings(
        server="http://127.0.0.1:1", data_dir=str(tmp_path), gpus=gpus, gpu_ids=gpu_ids,
        poll_interval=1, heartbeat_interval=30, lease_seconds=60, token="", name="node1", tags=[],
        log_level="INFO", bandwidth=None, slots=1, once=True, on_stop="finish",
    )  # fmt: skip


def test_a_driver_that_is_not_ready_yet_is_waited_for(
    server: FakeServer, start: Start, fake: FakeSmi
) -> None:
    fake.prints("facts", BROKEN, code=9)
    agent = start("--gpu", "all", PATH=fake.path)
    wait_for(lambda: "asking nvidia-smi again" in agent.log, "not a word")
    assert BROKEN in agent.log
    assert not server.registrations
    fake.prints("facts", *[f"{at}, NVIDIA A100, GPU-{at}, 40960, 550.54.15" for at in range(2)])
    assert server.is_registered()
    assert server.registrations[0]["gpu_ids"] == [0, 1]
    assert server.registrations[0]["slots"] == 0


def test_one_that_hangs_is_asked_again_once_it_has_ended(
    fake: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(smi, "PATIENCE", 0.3)
    fake.hangs()

    def recover() -> None:
        wait_for(lambda: fake.calls, "not asked")
        fake.recovers()

    recovery = threading.Thread(target=recover)
    recovery.start()
    found = resident.serve(settings(tmp_path), Log(path=tmp_path / "log"))
    recovery.join()
    assert [gpu.index for gpu in found] == [0, 1]
    assert not children.abandoned


@pytest.mark.parametrize("named", [{"gpus": "all"}, {"gpus": [0], "gpu_ids": "uuid"}])
def test_one_that_never_answers_is_left_to_another_start(
    fake: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, named: dict[str, object]
) -> None:
    monkeypatch.setattr(resident, "_GPU_PATIENCE", 0.2)
    fake.prints("facts", BROKEN, code=9)
    with pytest.raises(resident.NoAnswer) as told:
        resident.serve(settings(tmp_path, **named), Log())  # type: ignore[arg-type]
    assert BROKEN in str(told.value)
    assert "--gpu" in str(told.value)


def test_the_driver_alone_says_that_there_are_gpus(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its tools may be installed a little later, or be in no folder of PATH: then a CPU worker would be wrong."""
    monkeypatch.setenv("PATH", str(tmp_path))
    (tmp_path / "gpus" / "0000:01:00.0").mkdir(parents=True)
    monkeypatch.setattr(smi, "_DRIVER", str(tmp_path / "gpus"))
    monkeypatch.setattr(resident, "_GPU_PATIENCE", 0.0)
    with pytest.raises(resident.NoAnswer, match="cannot be run"):
        resident.serve(settings(tmp_path), Log())


def test_a_named_gpu_that_only_does_not_answer_is_no_wrong_option(
    fake: FakeSmi, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(3):
        (tmp_path / "gpus" / f"0000:0{place}:00.0").mkdir(parents=True)
    monkeypatch.setattr(smi, "_DRIVER", str(tmp_path / "gpus"))
    monkeypatch.setattr(resident, "_GPU_PATIENCE", 0.0)
    with pytest.raises(resident.NoAnswer, match="GPU 2"):
        resident.serve(settings(tmp_path, gpus=[2]), Log())


def test_without_nvidia_smi_and_driver_there_are_slots_at_once(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    start("--gpu", "all", PATH=str(tmp_path))
    assert server.is_registered()
    assert (server.registrations[0]["gpu_ids"], server.registrations[0]["slots"]) == ([], 1)
