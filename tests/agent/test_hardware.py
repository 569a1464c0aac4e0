"""GPUs as nvidia-smi tells them, and files as a shared disk shows them."""

import time
from pathlib import Path

import pytest

from tests.agent.conftest import Start
from tests.agent.fake_server import FakeServer
from tests.agent.watching import wait_for

NVIDIA_SMI = """#!/bin/sh
case "$1" in
*memory.total*)
    echo "0, NVIDIA A100, GPU-aaa, 40960, 550.54.15"
    echo "1, NVIDIA A100, GPU-bbb, 40960, 550.54.15"
    ;;
*query-gpu*)
    echo "0, GPU-aaa, 98, 30, 66, 250.5, No, None"
    echo "1, GPU-bbb, [N/A], 10, 30, [Not Supported], [N/A], [N/A]"
    ;;
esac
"""


@pytest.fixture
def path_with_gpus(tmp_path: Path) -> str:
    folder = tmp_path / "bin"
    folder.mkdir()
    program = folder / "nvidia-smi"
    program.write_text(NVIDIA_SMI)
    program.chmod(0o755)
    return f"{folder}:/usr/bin:/bin"


def test_every_gpu_is_registered_with_its_load(
    server: FakeServer, start: Start, path_with_gpus: str
) -> None:
    begun = time.time()
    start("--gpu", "all", PATH=path_with_gpus)
    server.is_registered()
    told = server.registrations[0]
    assert told["gpu_ids"] == [0, 1]
    assert told["gpus"][1] == {
        "index": 1,
        "name": "NVIDIA A100",
        "uuid": "GPU-bbb",
        "memory_mb": 40960,
        "driver_version": "550.54.15",
    }
    assert told["cpu_count"] >= 1
    assert told["memory_mb"] > 100
    load = server.wait_for(lambda: [each for each in server.syncs if each["free_gpus"]])[0]["load"]
    assert load["gpus"][0] == {
        "index": 0,
        "utilization": 98,
        "memory_used_mb": 30,
        "temperature_c": 66,
        "power_w": 250.5,
    }
    assert load["gpus"][1]["utilization"] is None
    assert 0 <= load["disk_free_mb"] <= load["disk_total_mb"]
    assert begun <= load["clock"] <= time.time()


def test_jobs_get_gpus_of_their_own(
    server: FakeServer, start: Start, path_with_gpus: str, tmp_path: Path
) -> None:
    start("--gpu", "all", PATH=path_with_gpus)
    show = "echo $CUDA_VISIBLE_DEVICES $CUDA_DEVICE_ORDER; touch {0}/$0; "
    show += "while [ ! -e {0}/$1 ]; do sleep 0.02; done"
    keys = [
        server.submit("sh", "-c", show.format(tmp_path), *names, wants_gpus=1)
        for names in (("a", "b"), ("b", "a"))
    ]
    for key in keys:
        server.outcome(key)
    assert {server.log(key) for key in keys} == {b"0 PCI_BUS_ID\n", b"1 PCI_BUS_ID\n"}


def test_a_gpu_that_is_not_there_is_refused(
    server: FakeServer, start: Start, path_with_gpus: str
) -> None:
    assert start("--gpu", "3", PATH=path_with_gpus).wait() == 2


def test_a_named_gpu_is_trusted_where_nvidia_smi_is_missing(
    server: FakeServer, start: Start
) -> None:
    agent = start("--gpu", "3", PATH="/usr/bin:/bin")
    server.is_registered()
    assert server.registrations[0]["gpu_ids"] == [3]
    assert "trusting --gpu" in agent.log


def test_without_nvidia_smi_gpus_are_offered_at_once(server: FakeServer, start: Start) -> None:
    start("--gpu", "3", PATH="/usr/bin:/bin")
    server.wait_for(lambda: server.syncs)
    assert server.syncs[0]["free_gpus"] == [3]
    for _ in range(2):
        key = server.submit("true", wants_gpus=1)
        assert server.outcome(key)["exit_code"] == 0
    assert server.syncs[-1]["load"]["blocked"] == []


def test_gpus_are_called_by_their_uuids_where_that_is_asked_for(
    server: FakeServer, start: Start, path_with_gpus: str
) -> None:
    start("--gpu", "all", "--gpu-ids", "uuid", PATH=path_with_gpus)
    key = server.submit("sh", "-c", "echo $CUDA_VISIBLE_DEVICES", wants_gpus=2)
    server.outcome(key)
    assert server.log(key) == b"GPU-aaa,GPU-bbb\n"


def test_uuids_that_nobody_knows_are_refused_at_the_start(start: Start) -> None:
    agent = start("--gpu", "0", "--gpu-ids", "uuid", PATH="/usr/bin:/bin")
    assert agent.wait() == 2


def test_an_order_for_a_gpu_in_use_is_not_started(
    server: FakeServer, start: Start, path_with_gpus: str
) -> None:
    start("--gpu", "0", PATH=path_with_gpus)
    key = server.submit("true", wants_gpus=1)
    server.outcome(key)
    with server.changed:
        server._claim = lambda body: [server.orders.pop()] if server.orders else []  # type: ignore[method-assign]
    bad = server.submit("true", gpus=[1])
    assert "no GPU 1" in server.outcome(bad)["error_message"]


def test_on_a_shared_disk_only_sizes_travel(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    server.store_id, server.store = "c0ffee", tmp_path / "data"
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "store-id").write_text("c0ffee\n")
    start()
    script = "echo hello; echo x > $WHIRR_RUN_DIR/artifacts/x; echo {} > $WHIRR_RUN_DIR/meta.json"
    key = server.submit("sh", "-c", script)
    server.outcome(key)
    assert server.sizes[f"job-{key[0]}/1", "output.log"] == 6
    assert server.documents == {(f"job-{key[0]}/1", "meta.json"): b""}
    assert not server.streams
    assert not server.artifacts


def test_artifacts_arrive_whole_and_links_are_not_followed(
    server: FakeServer, start: Start, tmp_path: Path
) -> None:
    agent = start()
    server.misbehave("/artifacts/", times=2)
    server.misbehave("/finish", times=1)
    script = """cd $WHIRR_RUN_DIR/artifacts; head -c 2500000 /dev/urandom > "big one.bin"
        mkdir sub; : > sub/empty; ln -s /etc/passwd sub/secret; ln -s / sub/all"""
    key = server.submit("sh", "-c", script)
    server.outcome(key)
    agent.delivered()
    folder = agent.data_dir / "runs" / f"job-{key[0]}" / "attempts" / "1" / "artifacts"
    names = {name for _, name in server.artifacts}
    assert names == {"big%20one.bin", "sub/empty"}
    arrived = server.artifacts[f"job-{key[0]}/1", "big%20one.bin"]
    assert arrived == (folder / "big one.bin").read_bytes()


def test_documents_follow_their_changes(server: FakeServer, start: Start, tmp_path: Path) -> None:
    start()
    gate = tmp_path / "gate"
    script = f"""cd $WHIRR_RUN_DIR; echo '{{"a": 1}}' > meta.json; echo begun
        while [ ! -e {gate} ]; do sleep 0.02; done; echo '{{"a": 2}}' > new; mv new meta.json"""
    key = server.submit("sh", "-c", script)
    place = (f"job-{key[0]}/1", "meta.json")
    server.wait_for(lambda: server.documents.get(place) == b'{"a": 1}\n')
    gate.touch()
    server.outcome(key)
    assert server.documents[place] == b'{"a": 2}\n'


def test_the_bandwidth_is_kept(server: FakeServer, start: Start) -> None:
    start("--bandwidth", "1000000")
    key = server.submit("sh", "-c", "head -c 1500000 /dev/zero; sleep 0.2; echo end")
    server.outcome(key)
    assert len(server.log(key)) == 1_500_004
    assert wait_for(lambda: server.registrations)[0]["bandwidth_bytes_per_second"] == 1_000_000
