"""Who is measured: this checkout and the packages from PyPI, each in an environment of its own.

The environments lie in `.bench-envs/` and are made once for each state of the pins in `peers/*.txt`.
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from benchmarks import serving
from benchmarks.measuring import ROOT

HERE = Path(__file__).resolve().parent
SIDE = HERE / "side.py"
ENVIRONMENTS = ROOT / ".bench-envs"
UV = Path(sys.executable).with_name("uv")
PATIENCE = 300.0  # seconds for one measurement
# Nobody reports home, and what forgets its switch meets a proxy that is not there.
QUIET = {
    "DO_NOT_TRACK": "1",
    "WANDB_MODE": "offline",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "AIM_UI_TELEMETRY_ENABLED": "0",
    "HF_HUB_OFFLINE": "1",
    "HF_HUB_DISABLE_TELEMETRY": "1",
    "GRADIO_ANALYTICS_ENABLED": "False",
    "http_proxy": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "no_proxy": "127.0.0.1,localhost",
}


class Broken(Exception):
    """A peer could not be installed, or did not do what was asked; the text says why."""


@dataclass(frozen=True)
class Package:
    """A pinned environment. `pins` is None for this checkout, which runs in ours."""

    name: str
    pins: Path | None = None

    def python(self) -> Path:
        """Its interpreter, after installing what is missing. Raises Broken."""
        if self.pins is None:
            return Path(sys.executable)
        folder = ENVIRONMENTS / self.name
        stamp, pins = folder / "installed", self.pins.read_text()
        if not stamp.is_file() or stamp.read_text() != pins:
            self._install(folder)
            stamp.write_text(pins)
        return folder / "bin" / "python"

    def _install(self, folder: Path) -> None:
        shutil.rmtree(folder, ignore_errors=True)
        python = str(folder / "bin" / "python")
        for command in (
            ["venv", "--quiet", "--python", sys.executable, str(folder)],
            ["pip", "install", "--quiet", "--python", python, "-r", str(self.pins)],
        ):
            made = subprocess.run([str(UV), *command], capture_output=True, text=True, check=False)
            if made.returncode:
                raise Broken(f"not installed: {last_line(made.stderr)}")


def _pinned(name: str) -> Package:
    return Package(name, HERE / "peers" / f"{name}.txt")


OURS = Package("whirr")
LEGACY = Package("whirr-0.5.3", ROOT / "requirements" / "legacy-client.txt")
TRACKIO, MLFLOW, WANDB = _pinned("trackio"), _pinned("mlflow"), _pinned("wandb")
AIM, TENSORBOARDX = _pinned("aim"), _pinned("tensorboardx")


@dataclass(frozen=True)
class Contestant:
    """A library in its environment. `library` names a module of `libraries/`; `share` scales its number of calls."""

    name: str
    package: Package
    library: str
    share: float = 1.0
    settings: Mapping[str, str] = field(default_factory=dict)
    before: tuple[
        str, ...
    ] = ()  # a program of its environment, and its words, to run in a new project

    def prepare(self, folder: Path) -> None:
        """What its users do once in a new project. Raises Broken."""
        if not self.before:
            return
        argv = [str(self.package.python().with_name(self.before[0])), *self.before[1:]]
        done = subprocess.run(
            argv, cwd=folder, env=environment(folder), capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise Broken(last_line(done.stderr))

    def ask(self, *words: object, folder: Path, **settings: str) -> dict[str, Any]:
        """What side.py says about one thing in a fresh process. Raises Broken."""
        argv = self.argv(*words)
        try:
            done = subprocess.run(
                argv,
                cwd=folder,
                env=environment(folder, self.settings, **settings),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                timeout=PATIENCE,
                check=False,
            )
        except subprocess.TimeoutExpired:
            raise Broken(f"no end within {PATIENCE:g} s") from None
        if done.returncode:
            raise Broken(last_line(done.stderr) or f"exit code {done.returncode}")
        return answer(done.stdout)

    def argv(self, *words: object) -> list[str]:
        """The command of one of side.py's tasks. Raises Broken."""
        return [str(self.package.python()), str(SIDE), self.library, *map(str, words)]


def environment(folder: Path, more: Mapping[str, str] | None = None, **also: str) -> dict[str, str]:
    """Of a contestant's process: nothing of ours, nothing that reports home, and a home of its own."""
    home = {"HOME": str(folder), "TRACKIO_DIR": str(folder / "trackio")}
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY", "all_proxy"):
        os.environ.pop(name, None)
    return serving.environment(**QUIET | home | dict(more or {}) | also)


def answer(printed: str) -> dict[str, Any]:
    """The last line; libraries chat before it. Raises Broken."""
    try:
        told = json.loads(printed.strip().splitlines()[-1])
    except (IndexError, ValueError):
        raise Broken("it printed no figures") from None
    if not isinstance(told, dict):
        raise Broken("it printed no figures")
    return told


def last_line(text: str) -> str:
    """The reason at the end of a traceback."""
    lines = text.strip().splitlines()
    return lines[-1][:200] if lines else ""


CLIENTS = (
    Contestant("whirr", OURS, "of_whirr"),
    Contestant("whirr 0.5.3", LEGACY, "of_whirr", before=("whirr", "init")),
    Contestant("trackio", TRACKIO, "of_trackio"),
    Contestant("tensorboardX", TENSORBOARDX, "of_tensorboardx"),
    Contestant("wandb, offline", WANDB, "of_wandb"),
    Contestant("aim", AIM, "of_aim"),
    Contestant("mlflow, SQLite file", MLFLOW, "of_mlflow", share=0.02),
)
