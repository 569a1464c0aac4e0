"""Lightning, transformers and Keras as they are published, in an environment of their own, for our callbacks."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.servers import Missing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-integrations"
PINNED = ROOT / "requirements" / "integrations.txt"
STAMP = FOLDER / "installed"  # what PINNED said then
HINT = (
    ".venv-integrations/ does not have the training libraries as requirements/integrations.txt names them: "
    "make test installs them"
)


def is_current() -> bool:
    there = STAMP.is_file() and (FOLDER / "bin" / "python").exists()
    return there and STAMP.read_text() == PINNED.read_text()


def python() -> str:
    """The Python that has them. Raises Missing."""
    if not is_current():
        raise Missing(HINT)
    return str(FOLDER / "bin" / "python")


def environment() -> dict[str, str]:
    """For programs in it: bytecode is kept, also where it is otherwise not. Reading the sources anew takes seconds."""
    kept = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(FOLDER / "bytecode")}


def install() -> None:
    """Make the environment anew; its stamp comes last. Raises CalledProcessError, OSError."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    uv = str(Path(sys.executable).with_name("uv"))
    subprocess.run([uv, "venv", "--quiet", "--python", sys.executable, str(FOLDER)], check=True)
    into = ["--python", str(FOLDER / "bin" / "python"), "-r", str(PINNED)]
    for source in _sources():
        done = subprocess.run([uv, "pip", "install", "--quiet", *into, *source], check=False)
        if done.returncode == 0:
            STAMP.write_text(PINNED.read_text())
            return
    raise subprocess.CalledProcessError(done.returncode, "uv pip install")


def _sources() -> list[list[str]]:
    """PyTorch without CUDA is where this machine's pip looks, or in PyTorch's own index; PyPI has the large one."""
    near = os.environ.get("PIP_FIND_LINKS")
    return [*([["--find-links", near]] if near else []), ["--torch-backend", "cpu"], []]
