"""whirr 0.5.3 as it was published, in an environment of its own: its client and worker must work with our server."""

import shutil
import subprocess
import sys
from pathlib import Path

from tests.support.servers import Missing

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / ".venv-0.5.3"
PINNED = ROOT / "requirements" / "legacy-client.txt"
STAMP = FOLDER / "installed"  # what PINNED said then
HINT = ".venv-0.5.3/ does not have whirr 0.5.3 as requirements/legacy-client.txt names it: make test installs it"


def is_current() -> bool:
    there = STAMP.is_file() and (FOLDER / "bin" / "python").exists()
    return there and STAMP.read_text() == PINNED.read_text()


def program(name: str) -> str:
    """The path of `python` or `whirr` there. Raises Missing."""
    if not is_current():
        raise Missing(HINT)
    return str(FOLDER / "bin" / name)


def install() -> None:
    """Make the environment anew; its stamp comes last. Raises CalledProcessError, OSError."""
    shutil.rmtree(FOLDER, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
    python = str(FOLDER / "bin" / "python")
    uv = [str(Path(sys.executable).with_name("uv")), "pip", "install", "--python", python]
    pip = [python, "-m", "pip", "install", "--disable-pip-version-check"]
    if not _installs(uv):
        subprocess.run([*pip, "--quiet", "-r", str(PINNED)], check=True)
    STAMP.write_text(PINNED.read_text())


def _installs(installer: list[str]) -> bool:
    """uv is fast, and not everywhere: whoever has to do without it has pip."""
    try:
        return not subprocess.run([*installer, "--quiet", "-r", str(PINNED)]).returncode
    except OSError:
        return False
