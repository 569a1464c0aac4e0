"""The agent in one file lives a whole life on every Python that this machine has, with nothing but that Python."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator

import pytest

from tests.e2e.programs import ROOT, Program, Site, processes_with, wait_for
from tests.support import interpreters

PYTHONS = interpreters.found()
METRIC = '{"_idx":0,"_timestamp":"2026-01-15T10:30:00Z","step":0,"loss":2.5}'
WORK = f"""
echo hello; echo '{METRIC}' > "$WHIRR_RUN_DIR/metrics.jsonl"
head -c 100000 /dev/zero > "$WHIRR_RUN_DIR/artifacts/model"
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    """One server for all of them."""
    site = Site(tmp_path_factory.mktemp("site"))
    site.start_web()
    yield site
    site.stop()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> str:
    target = str(tmp_path_factory.mktemp("dist") / "whirr-worker.pyz")
    script = str(ROOT / "scripts" / "build_agent.py")
    subprocess.run([sys.executable, script, target], check=True, capture_output=True)
    return target


@pytest.fixture(params=PYTHONS.values(), ids=list(PYTHONS))
def agent(request: pytest.FixtureRequest, site: Site, archive: str) -> Iterator[Program]:
    """Its name and its tag are the version's: the jobs of the others are none of its business."""
    version = next(name for name, path in PYTHONS.items() if path == request.param)
    where = ["--server", site.url, "--data-dir", str(site.folder / version)]
    who = ["--name", f"py{version}", "--tags", f"py{version}", "--on-stop", "requeue"]
    env = {"WHIRR_TOKEN": site.secret, "PYTHONWARNINGS": "error"}
    log = site.folder / f"py{version}.log"
    program = Program([request.param, "-I", archive, *where, *who], env=env, log=log)
    program.start()
    yield program
    program.kill()


def tag_of(agent: Program) -> str:
    return agent.command[agent.command.index("--tags") + 1]


def worker(site: Site, name: str) -> dict[str, object]:
    return dict(site.call("GET", f"/api/v1/workers/{name}").json())


def test_a_whole_life(site: Site, agent: Program) -> None:
    """It registers, runs a job, ships its bytes, cancels one, is drained, hands one back and says good-bye."""
    tag = tag_of(agent)
    job_id = site.submit("sh", "-c", WORK, require_tags=[tag])
    site.wait_for(job_id, "completed", within=40)
    run = f"/api/v1/runs/job-{job_id}"
    assert site.call("GET", f"{run}/log").text == "hello\n"
    assert site.call("GET", f"{run}/metrics").json()["metrics"][0]["loss"] == 2.5
    found = wait_for(
        lambda: site.call("GET", f"{run}/artifacts").json()["artifacts"],
        within=20,
        what="the artifact",
    )
    assert [(each["path"], each["size"]) for each in found] == [("model", 100_000)]

    nap = f"86400.{time.time_ns()}"
    cancelled = site.submit("sh", "-c", f"setsid sleep {nap} & wait", require_tags=[tag])
    site.wait_for(cancelled, "running", within=20)
    wait_for(lambda: processes_with(nap), within=20, what="the sleeper")
    site.call("POST", f"/api/v1/jobs/{cancelled}/cancel")
    site.wait_for(cancelled, "cancelled", within=20)
    assert not processes_with(nap)

    drained_from_the_server(site, agent, tag)
    handed_back(site, agent, tag)


def drained_from_the_server(site: Site, agent: Program, tag: str) -> None:
    """What runs ends by itself; nothing new begins; the agent stays, and works again when it may."""
    gate = site.folder / f"gate-{tag}"
    script = f"while [ ! -e {gate} ]; do sleep 0.02; done"
    first = site.submit("sh", "-c", script, require_tags=[tag])
    site.wait_for(first, "running", within=20)
    site.call("POST", f"/api/v1/workers/{tag}/drain")
    second = site.submit("true", require_tags=[tag])
    gate.touch()
    site.wait_for(first, "completed", within=20)
    assert site.job(second)["status"] == "queued"
    assert agent.process is not None
    assert agent.process.poll() is None
    site.call("POST", f"/api/v1/workers/{tag}/resume")
    site.wait_for(second, "completed", within=20)


def handed_back(site: Site, agent: Program, tag: str) -> None:
    """It saves what it has when it is told by the signal that it asked for."""
    saved = site.folder / f"saved-{tag}"
    script = f"trap 'touch {saved}; exit 85' USR1; echo begun; while :; do sleep 0.02; done"
    job_id = site.submit("sh", "-c", script, require_tags=[tag], stop_signal="SIGUSR1")
    log = f"/api/v1/runs/job-{job_id}/log"
    site.wait_for(job_id, "running", within=20)
    wait_for(lambda: "begun" in site.call("GET", log).text, within=20, what="its first word")
    agent.signal(signal.SIGTERM)
    assert agent.process is not None
    assert agent.process.wait(timeout=40) == 0, agent.said()
    assert saved.exists()
    job = site.job(job_id)
    assert (job["status"], job["attempts"][0]["reason"]) == ("queued", "worker_shutdown")
    site.call("POST", f"/api/v1/jobs/{job_id}/cancel")
    assert worker(site, tag)["status"] == "offline"
    for word in ("Traceback", "Warning", "ERROR"):
        assert word not in agent.said()
    undelivered = site.folder / tag.removeprefix("py") / "agent" / tag / "attempts"
    assert list(undelivered.iterdir()) == []
