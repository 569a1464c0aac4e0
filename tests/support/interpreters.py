"""The Pythons of this machine that an agent may meet: one of each version, from 3.9 on."""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST = (3, 9)
ASK = "import sys; print(sys.implementation.name, *sys.version_info[:2])"
NAMES = ("python3", *(f"python3.{minor}" for minor in range(OLDEST[1], 20)))


def candidates() -> Iterator[Path]:
    """This one, those on PATH, and where pyenv and uv keep what they installed."""
    yield Path(sys.executable)
    for folder in os.environ.get("PATH", "").split(os.pathsep):
        yield from (Path(folder) / name for name in NAMES)
    pyenv = Path(os.environ.get("PYENV_ROOT", Path.home() / ".pyenv"))
    for root in (pyenv / "versions", Path.home() / ".local" / "share" / "uv" / "python"):
        yield from sorted(root.glob("*/bin/python3"))


def found() -> dict[str, str]:
    """Version and program of each. A shim of a version that is not switched on answers nothing, and is left out."""
    pythons: dict[str, str] = {}
    for path in dict.fromkeys(path for path in candidates() if os.access(path, os.X_OK)):
        told = subprocess.run(
            [str(path), "-I", "-S", "-c", ASK], capture_output=True, text=True, check=False
        ).stdout.split()
        if told[:1] != ["cpython"] or tuple(map(int, told[1:])) < OLDEST:
            continue
        pythons.setdefault(".".join(told[1:]), str(path))
    return pythons
