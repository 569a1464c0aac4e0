"""Client, command and workers of whirr 0.5.3 as real processes beside a server of ours that asks for no token."""

import json
import re
import signal
import socket
import subprocess
from pathlib import Path
from typing import Any

from tests.e2e.programs import Program, Site, wait_for
from tests.support.guard import dies_with_its_parent
from tests.support.whirr_0_5_3 import program

DRIVER = Path(__file__).with_name("client_0_5_3.py")
FINAL = ("completed", "failed", "cancelled")


class Refused(Exception):
    """The client raised its WhirrClientError; the text is its own."""


class OldClient:
    """`whirr.client.WhirrClient` of 0.5.3, which lives in another environment."""

    def __init__(self, server_url: str) -> None:
        self.process = subprocess.Popen(
            [program("python"), "-I", str(DRIVER), server_url],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            preexec_fn=dies_with_its_parent(signal.SIGKILL),
        )

    def call(self, name: str, **arguments: Any) -> Any:
        """Call a method; models come back as dictionaries. Raises Refused."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(json.dumps([name, arguments]) + "\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        assert line, f"the client of 0.5.3 came to its end in {name}"
        told = json.loads(line)
        if "error" in told:
            raise Refused(told["error"])
        return told["answer"]

    def close(self) -> None:
        self.process.communicate(timeout=30)


class OldWorker(Program):
    """`whirr worker` of 0.5.3; it writes into the server's own data folder, as it always had to."""

    def __init__(self, site: Site, gpu: int | None = None) -> None:
        place = "default" if gpu is None else f"gpu{gpu}"
        self.worker_id = f"{socket.gethostname()}:{place}"
        command = [program("whirr"), "worker", "--server", site.url, "--data-dir", str(site.data)]
        options = [] if gpu is None else ["--gpu", str(gpu)]
        super().__init__([*command, *options], env={}, log=site.folder / f"worker-{place}.log")

    def stop(self) -> int:
        """Ask it to stop; its exit code."""
        assert self.process is not None
        self.signal(signal.SIGTERM)
        return self.process.wait(timeout=60)


class OldSite:
    """A server of ours with the programs of 0.5.3 around it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.site = Site(folder, WHIRR_AUTH="none")
        self.http = self.site.client
        self.workers: list[OldWorker] = []

    def start(self) -> None:
        self.site.start_web()
        self.site.background.start()
        self.client = OldClient(self.site.url)

    def start_worker(self, gpu: int | None = None) -> OldWorker:
        worker = OldWorker(self.site, gpu)
        worker.start()
        self.workers.append(worker)
        return worker

    def submit(self, *argv: str, **wish: Any) -> int:
        told = self.client.call(
            "submit_job", command_argv=list(argv), workdir=str(self.folder), **wish
        )
        return int(told["job_id"])

    def submit_by_command(self, *arguments: str) -> int:
        """`whirr submit` in the folder of this site."""
        done = subprocess.run(
            [program("whirr"), "submit", "--server", self.site.url, *arguments],
            cwd=self.folder,
            capture_output=True,
            text=True,
            timeout=60,
        )
        found = re.search(r"Submitted job #(\d+)", done.stdout)
        assert found, done.stdout + done.stderr
        return int(found[1])

    def job(self, job_id: int) -> dict[str, Any]:
        return dict(self.client.call("get_job", job_id=job_id))

    def wait_for(self, job_id: int, *statuses: str, within: float = 60) -> dict[str, Any]:
        """The job, once it has one of the statuses (or has ended)."""

        def look() -> dict[str, Any] | None:
            job = self.job(job_id)
            return job if job["status"] in (statuses or FINAL) else None

        return wait_for(look, within=within, what=lambda: f"job {job_id}: {self.said()}")

    def worker(self, worker_id: str) -> dict[str, Any]:
        (found,) = (each for each in self.client.call("get_workers") if each["id"] == worker_id)
        return dict(found)

    def said(self) -> str:
        return "\n".join(program.said() for program in (*self.workers, self.site.web))

    def stop(self) -> None:
        for worker in self.workers:
            worker.kill()
        if hasattr(self, "client"):
            self.client.close()
        self.site.stop()


def python() -> str:
    """The Python that has whirr 0.5.3, for jobs that log with its library."""
    return program("python")


def site_packages() -> Path:
    """Where whirr 0.5.3 was installed."""
    (found,) = Path(program("python")).parents[1].glob("lib/python*/site-packages")
    return found
