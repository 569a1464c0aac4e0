"""A node with eight pretended GPUs: who gets which, with a real server, real agents and real processes."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.agent.fake_smi import FakeSmi
from tests.e2e.conftest import StartAgent
from tests.e2e.programs import Site, wait_for

NOBODY = 65534
GPUS = set(map(str, range(8)))


@pytest.fixture
def smi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FakeSmi:
    fake = FakeSmi(tmp_path / "bin", 8)
    monkeypatch.setenv("PATH", f"{fake.folder}:{os.environ['PATH']}")
    return fake


def shown(site: Site, job_id: int) -> list[str]:
    """The GPUs that a job was shown, in its own words."""
    site.wait_for(job_id, "completed", within=30)
    text: str = site.call("GET", f"/api/v1/runs/job-{job_id}/log").text
    return text.split()[0].split(",")


def meet(folder: Path, count: int) -> list[str]:
    """A job that ends only when so many run at the same time."""
    script = f"echo $CUDA_VISIBLE_DEVICES; touch {folder}/$WHIRR_JOB_ID; "
    script += f"while [ $(ls {folder} | wc -l) -lt {count} ]; do sleep 0.05; done"
    return ["sh", "-c", script]


def blocked(site: Site) -> list[dict[str, Any]]:
    workers = site.call("GET", "/api/v1/workers").json()["workers"]
    return [gpu for worker in workers for gpu in worker["blocked_gpus"]]


def test_eight_jobs_at_once_on_eight_gpus_and_then_two_that_need_four(
    site: Site, start_agent: StartAgent, smi: FakeSmi, tmp_path: Path
) -> None:
    start_agent("node", "--gpu", "all")
    small, large = tmp_path / "small", tmp_path / "large"
    small.mkdir()
    large.mkdir()

    singles = [site.submit(*meet(small, 8), gpus=1) for _ in range(8)]
    quads = [site.submit(*meet(large, 2), gpus=4) for _ in range(2)]

    given = [shown(site, job_id) for job_id in singles]
    assert all(len(each) == 1 for each in given)
    assert {gpu for each in given for gpu in each} == GPUS
    first, second = (shown(site, job_id) for job_id in quads)
    assert len(first) == len(second) == 4
    assert {*first, *second} == GPUS


def test_agents_with_gpus_of_their_own_share_a_node(
    site: Site, start_agent: StartAgent, smi: FakeSmi, tmp_path: Path
) -> None:
    """One an agent, or several: none of them touches what another one serves."""
    served = {"zero": "0", "one": "1", "rest": "2,3,4,5,6,7"}
    for name, gpus in served.items():
        start_agent(name, "--gpu", gpus)
    together = tmp_path / "together"
    together.mkdir()

    jobs = [site.submit(*meet(together, 8), gpus=1) for _ in range(8)]

    given = {job_id: shown(site, job_id) for job_id in jobs}
    assert {gpu for each in given.values() for gpu in each} == GPUS
    for job_id, (gpu,) in given.items():
        assert gpu in served[site.job(job_id)["worker_id"]]


def test_a_gpu_in_other_hands_is_named_everywhere_and_used_when_it_is_free(
    site: Site, start_agent: StartAgent, smi: FakeSmi
) -> None:
    bob = subprocess.Popen(["sleep", "600"], user=NOBODY if os.geteuid() == 0 else None)
    try:
        smi.computes((5, bob.pid))
        start_agent("node", "--gpu", "4,5", "--heartbeat-interval", "1")
        told = wait_for(lambda: blocked(site), within=20, what="the blocked GPU is told")
        assert f"(pid {bob.pid}, python3, 20 GiB)" in told[0]["text"]
        job_id = site.submit("sh", "-c", "echo $CUDA_VISIBLE_DEVICES", gpus=2)
        why = site.call("GET", f"/api/v1/jobs/{job_id}/explain").json()
        assert told[0]["text"] in why["summary"]
        assert site.job(job_id)["status"] == "queued"
    finally:
        bob.kill()
        bob.wait()
    smi.computes()
    assert shown(site, job_id) == ["4", "5"]
