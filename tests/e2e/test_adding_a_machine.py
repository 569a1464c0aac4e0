"""A machine becomes a node with what the server hands out, by the lines that its page shows."""

import os
import subprocess
import sys

from playwright.sync_api import Page, ViewportSize, expect

from tests.e2e.browser import signed_in
from tests.e2e.programs import Site, wait_for

NARROW, WIDE = ViewportSize(width=360, height=800), ViewportSize(width=1440, height=900)


def overflow(page: Page) -> int:
    """By how many pixels the page is wider than the window."""
    script = "document.documentElement.scrollWidth - window.innerWidth"
    return int(page.evaluate(script))


def test_the_lines_of_the_page_fetch_an_agent_that_registers_and_runs_a_job(
    site: Site, chromium: str
) -> None:
    with signed_in(site, chromium) as page:
        page.goto(f"{site.url}/workers/")
        fetch, start = (
            page.locator("#add-a-machine code").filter(has_text=word).first.inner_text()
            for word in ("curl", "./whirr-worker")
        )
        subprocess.run(["bash", "-ec", fetch], cwd=site.folder, check=True, capture_output=True)
        (site.folder / "whirr-token").write_text(site.secret)
        here = {"PATH": os.environ["PATH"], "HOME": str(site.folder)}  # what a bare node has
        with subprocess.Popen(["bash", "-c", f"exec {start}"], cwd=site.folder, env=here) as agent:
            try:
                job_id = site.submit("sh", "-c", "echo from a node")
                job = site.wait_for(job_id, "completed", within=60)
                expect(page.locator(".worker-grid section")).to_have_count(1, timeout=30_000)
                agent.terminate()
                assert agent.wait(60) == 0
            finally:
                agent.kill()  # else a failure would wait for it for ever
        expect(page.locator("[data-skew]")).to_have_count(0)
    assert job["exit_code"] == 0
    assert "from a node" in site.call("GET", f"/api/v1/runs/job-{job_id}/log").text
    wait_for(
        lambda: site.call("GET", "/api/v1/workers").json()["workers"][0]["status"] == "offline",
        within=30,
        what="its good-bye",
    )


def test_the_downloaded_agent_refuses_with_the_exit_code_that_units_know(site: Site) -> None:
    agent = site.folder / "whirr-worker"
    agent.write_bytes(site.client.get("/download/whirr-worker").content)
    where = ["-s", site.url, "-d", str(site.folder / "node")]
    command = [sys.executable, "-I", "-S", str(agent), *where]
    env = {**os.environ, "WHIRR_TOKEN": "wrong"}
    told = subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=False)
    assert told.returncode == 1, told.stderr


def test_curl_asks_for_the_head_alone(site: Site) -> None:
    command = ["curl", "-fsSI", f"{site.url}/download/whirr-worker"]
    told = subprocess.run(command, capture_output=True, text=True, check=True).stdout.lower()
    assert "x-checksum-sha256: " in told
    assert 'filename="whirr-worker"' in told


def test_the_page_fits_a_telephone_with_workers_and_without(site: Site, chromium: str) -> None:
    with signed_in(site, chromium) as page:
        for name in ("", "an-agent-with-a-rather-long-name.of.some.cluster.example"):
            if name:
                told = {"worker_id": name, "hostname": "node", "version": "0.1"}
                site.call("POST", "/api/v1/workers/register", json=told)
            for window in (NARROW, WIDE):
                page.set_viewport_size(window)
                page.goto(f"{site.url}/workers/")
                expect(page.locator("[data-skew]")).to_have_count(1 if name else 0)
                assert overflow(page) == 0, (name, window)
