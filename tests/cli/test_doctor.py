"""`whirr doctor`: each trouble is named with its cure, nothing is changed, the exit code says whether all is well."""

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.cli.command import Call, Whirr
from tests.cli.fake_server import FakeServer
from whirr.cli import checkup
from whirr.stack import lock
from whirr.stack.folder import Folder

Done = subprocess.CompletedProcess[str]


def told(done: Done) -> dict[str, dict[str, str]]:
    return {each["what"]: each for each in json.loads(done.stdout)}


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    made = Folder(tmp_path / ".whirr")
    made.make()
    return made


class TestOutside:
    def test_nothing_here_is_no_trouble(self, quick: Call) -> None:
        done = quick("doctor")
        assert done.returncode == 0
        assert "! folder: no .whirr" in done.stdout
        assert "→ run `whirr up`" in done.stdout

    def test_a_sound_folder_and_nothing_is_made(self, quick: Call, folder: Folder) -> None:
        before = sorted(path.name for path in folder.path.iterdir())
        done = quick("doctor", "--json")
        assert done.returncode == 0
        assert told(done)["folder"]["state"] in (checkup.OK, checkup.WARN)
        assert told(done)["server"]["state"] == checkup.WARN
        assert sorted(path.name for path in folder.path.iterdir()) == before

    def test_a_secret_that_others_can_read(self, quick: Call, folder: Folder) -> None:
        folder.secret()
        folder.secret_file.chmod(0o644)
        done = quick("doctor", "--json")
        assert (done.returncode, told(done)["secrets"]["state"]) == (1, checkup.BAD)
        assert told(done)["secrets"]["mend"] == f"chmod 600 {folder.secret_file}"

    def test_a_folder_that_is_not_there(self, quick: Call, tmp_path: Path) -> None:
        done = quick("doctor", "-d", str(tmp_path / "gone"))
        assert done.returncode == 1
        assert "✗ folder:" in done.stdout

    @pytest.mark.parametrize(
        ("free", "state"),
        [(50 * 1024**2, checkup.BAD), (1024**3, checkup.WARN), (1024**4, checkup.OK)],
    )
    def test_room(
        self, folder: Folder, monkeypatch: pytest.MonkeyPatch, free: int, state: str
    ) -> None:
        usage = shutil.disk_usage(folder.path)._replace(free=free)
        monkeypatch.setattr(shutil, "disk_usage", lambda path: usage)
        assert [each["state"] for each in checkup.of_folder(folder)] == [state]

    @pytest.mark.parametrize(
        ("script", "state"),
        [
            ("echo 'GPU 0: H200 (UUID: GPU-1)'", checkup.OK),
            ("echo 'NVIDIA-SMI has failed'; exit 9", checkup.BAD),
            ("true", checkup.BAD),
        ],
    )
    def test_gpus(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, script: str, state: str
    ) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        assert checkup.of_gpus()["state"] == state

    def test_a_bad_address_is_bad_usage(self, quick: Call) -> None:
        assert quick("doctor", "--server", "nonsense").returncode == 2

    @pytest.mark.parametrize(
        "argv",
        [
            ["--dry-run"],
            ["--online"],
            ["--sweep"],
            ["--rebuild", "--dry-run", "--sweep"],
            ["--rebuild", "--json"],
            ["--nope"],
        ],
    )
    def test_options_that_mean_nothing_together(self, quick: Call, argv: list[str]) -> None:
        assert quick("doctor", *argv).returncode == 2


class TestAServer:
    def test_one_that_is_away(self, quick: Call, server: FakeServer) -> None:
        server.stop()
        done = quick("doctor", "--json", "--server", server.url)
        assert (done.returncode, told(done)["server"]["state"]) == (1, checkup.BAD)

    def test_workers_that_are_offline_are_named(self, quick: Call, server: FakeServer) -> None:
        server.workers = [{"id": "gpu-a", "status": "idle"}, {"id": "gpu-b", "status": "offline"}]
        done = quick("doctor", "--json", WHIRR_SERVER_URL=server.url)
        assert done.returncode == 0
        assert told(done)["server"]["state"] == checkup.OK
        assert told(done)["workers"]["says"] == "1 of 2 offline: gpu-b"

    def test_clocks_and_versions_that_differ(self) -> None:
        (apart,) = checkup._clock("Tue, 15 Jan 2019 10:30:00 GMT")
        assert "apart" in apart["says"]
        assert not list(checkup._clock("nonsense"))
        assert checkup._version("x", "0.1", 0.0)["state"] == checkup.WARN

    def test_direct_runs_that_were_not_delivered(
        self, quick: Call, folder: Folder, server: FakeServer
    ) -> None:
        run = folder.path / "runs" / "local-20300101-120000-abcdef"
        run.mkdir()
        (run / "meta.json").write_text('{"status": "completed"}')
        done = quick("doctor", "--json", WHIRR_SERVER_URL=server.url)
        assert run.name in told(done)["direct runs"]["says"]
        assert "whirr sync" in told(done)["direct runs"]["mend"]


class TestInside:
    """With the server's own programs."""

    def test_a_rebuild_and_a_damaged_database(self, whirr: Whirr, folder: Folder) -> None:
        run = folder.path / "runs" / "local-20300101-120000-abcdef"
        run.mkdir()
        meta = {"status": "completed", "started_at": "2030-01-01T12:00:00Z", "name": "x"}
        (run / "meta.json").write_text(json.dumps(meta))
        (run / "metrics.jsonl").write_text('{"step": 1, "loss": 0.5}\n')
        (folder.path / "runs" / "job-41").mkdir()
        done = whirr("doctor", "--rebuild")
        assert done.returncode == 1, done.stderr  # job-41 says nothing of itself
        assert f"{run.name}\tmade" in done.stdout
        assert "job-41\tskipped" in done.stdout
        assert "2 runs: 1 made, 1 skipped" in done.stdout
        (folder.path / "whirr.db").write_bytes(b"no database at all" * 1000)
        done = whirr("doctor")
        assert done.returncode == 1
        assert "✗ database:" in done.stdout
        assert "doctor --rebuild" in done.stdout

    def test_it_refuses_beside_a_server(self, quick: Call, folder: Folder) -> None:
        stack = lock.acquire(folder.lock_file)
        done = quick("doctor", "--rebuild")
        assert done.returncode == 1
        assert "--online" in done.stderr
        os.close(stack)

    def test_without_runs_there_is_nothing_to_rebuild(self, quick: Call) -> None:
        done = quick("doctor", "--rebuild")
        assert done.returncode == 2
        assert "no runs" in done.stderr
