"""The client of MLflow as it is published, in an environment of its own: it must log to our server as it is."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.servers import Missing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-mlflow"
PINNED = ROOT / "requirements" / "mlflow-client.txt"
STAMP = FOLDER / "installed"  # what PINNED said then
HINT = (
    ".venv-mlflow/ does not have MLflow's client as requirements/mlflow-client.txt names it: "
    "make test installs it"
)


def is_current() -> bool:
    there = STAMP.is_file() and (FOLDER / "bin" / "python").exists()
    return there and STAMP.read_text() == PINNED.read_text()


def python() -> str:
    """The Python that has it. Raises Missing."""
    if not is_current():
        raise Missing(HINT)
    return str(FOLDER / "bin" / "python")


def install() -> None:
    """Make the environment anew; its stamp comes last. Raises CalledProcessError, OSError."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)], check=True)
    into = ["--python", str(FOLDER / "bin" / "python"), "-r", str(PINNED)]
    subprocess.run([uv, "pip", "install", "--quiet", *into], check=True)
    STAMP.write_text(PINNED.read_text())
