"""The web servers that are measured: ours as one web process, and whirr 0.5.3 from PyPI, on a PostgreSQL."""

import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks import serving
from benchmarks.measuring import ROOT
from whirr.stack.child import deathsig
from whirr.wire import Client

LEGACY = ROOT / ".venv-0.5.3-server"
LEGACY_PINS = ROOT / "requirements" / "legacy-server.txt"
UV = Path(sys.executable).with_name("uv")


@dataclass(frozen=True)
class Site:
    """A running web process. `token` is empty where the server asks for none."""

    port: int
    pid: int
    token: str
    data: Path

    def client(self) -> Client:
        """A client with one kept connection."""
        return Client(f"http://127.0.0.1:{self.port}", self.token, timeout=60)

    def pids(self) -> list[int]:
        return serving.family(self.pid)


@contextmanager
def ours(database_url: str, folder: Path) -> Iterator[Site]:
    """One daphne, its token asked for as by default. The folder outlives it: a next start goes on where it stopped."""
    data = folder / "data"
    settings = {
        "WHIRR_MODE": "server",
        "WHIRR_DATA_DIR": str(data),
        "WHIRR_DATABASE_URL": database_url,
    }
    port = serving.free_port()
    argv = [sys.executable, "-m", "whirr_site.web", "--port", str(port), "--migrate"]
    with _running(argv, port, folder / "web.log", settings, cwd=ROOT) as pid:
        yield Site(port, pid, (data / "secret").read_text().strip(), data)


@contextmanager
def legacy(database_url: str, folder: Path) -> Iterator[Site]:
    """whirr 0.5.3's own server. It knows no tokens."""
    port = serving.free_port()
    argv = [
        *(str(_legacy_program()), "server", "--port", str(port)),
        *("--database-url", database_url, "--data-dir", str(folder / "data")),
    ]
    (folder / "data").mkdir(exist_ok=True)
    # Away from the repository, whose own package has the same name.
    with _running(argv, port, folder / "legacy.log", {}, cwd=folder) as pid:
        yield Site(port, pid, "", folder / "data")


def _legacy_program() -> Path:
    """whirr 0.5.3 in an environment of its own, made when it is missing or its pins are newer."""
    made = LEGACY / "made"
    if not made.exists() or made.stat().st_mtime < LEGACY_PINS.stat().st_mtime:
        shutil.rmtree(LEGACY, ignore_errors=True)
        python = LEGACY / "bin" / "python"
        for command in (
            ["venv", "--quiet", "--python", sys.executable, str(LEGACY)],
            ["pip", "install", "--quiet", "--python", str(python), "-r", str(LEGACY_PINS)],
        ):
            subprocess.run([str(UV), *command], check=True)
        made.touch()
    return LEGACY / "bin" / "whirr"


@contextmanager
def _running(
    argv: list[str], port: int, log: Path, settings: dict[str, str], *, cwd: Path
) -> Iterator[int]:
    with log.open("ab") as output:
        process = subprocess.Popen(
            argv,
            cwd=cwd,
            env=serving.environment(**settings),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=deathsig(signal.SIGKILL),
        )
    asking = Client(f"http://127.0.0.1:{port}", "", timeout=5)

    def is_healthy() -> bool:
        if process.poll() is not None:
            raise RuntimeError(f"{argv[0]} ended:\n{log.read_text()[-4000:]}")
        return bool(asking.get("/health"))  # raises where it is refused

    try:
        serving.until(is_healthy, what=f"{argv[0]} answers", every=0.1)
        yield process.pid
    finally:
        process.kill()
        process.wait(timeout=60)
