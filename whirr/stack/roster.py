"""What the stack's children are: their command lines and environments."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import whirr
from whirr.stack import names
from whirr.stack.child import Spec
from whirr.stack.folder import Folder

# What a job or another project may have left in the environment must not reach the children.
NOT_INHERITED = (
    "WHIRR_SERVER_URL",
    "WHIRR_TOKEN",
    "WHIRR_JOB_ID",
    "WHIRR_RUN_ID",
    "WHIRR_RUN_DIR",
    "WHIRR_ATTEMPT",
    "WORKER_ID",
    "DJANGO_SETTINGS_MODULE",
)
# An agent runs other people's programs, and needs none of the server's secrets.
SERVER_SECRETS = ("WHIRR_DATABASE_URL", "WHIRR_REDIS_URL", "WHIRR_SECRET_KEY")


@dataclass(frozen=True)
class Shape:
    """Which stack to run and where it listens."""

    mode: str  # embedded | server
    host: str
    port: int
    with_agent: bool = True
    slots: int = 1

    @property
    def url(self) -> str:
        """Where this machine reaches the web process."""
        reach = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(self.host, self.host)  # noqa: S104
        if ":" in reach and not reach.startswith("["):
            reach = f"[{reach}]"
        return f"http://{reach}:{self.port}"


def web(folder: Folder, shape: Shape) -> Spec:
    """The web process; it brings the database up to date before it listens."""
    where = ["--host", shape.host, "--port", str(shape.port), "--migrate"]
    return Spec("web", [*python("whirr_site.web"), *where], _server_environment(folder, shape))


def background(folder: Folder, shape: Shape) -> Spec:
    """Celery's worker with beat; SIGTERM on the supervisor's death lets it take its forks along."""
    return Spec(
        "background",
        python("whirr_site.background"),
        _server_environment(folder, shape),
        on_parent_death=signal.SIGTERM,
    )


def agent(folder: Folder, shape: Shape) -> Spec:
    """This machine's agent, with every GPU or with CPU slots; its token is never in argv."""
    argv = [*python("worker_agent"), "--server", shape.url, "--data-dir", str(folder.path)]
    argv += ["--name", agent_name(socket.gethostname())]
    if gpus_visible():
        argv += ["--gpu", "all"]
    elif shape.slots > 1:
        argv += ["--slots", str(shape.slots)]
    env = {key: value for key, value in environment().items() if key not in SERVER_SECRETS}
    return Spec("agent", argv, env | {"WHIRR_TOKEN": folder.secret()}, stops_first=True)


def agent_name(host: str) -> str:
    """The host's name with nothing in it that an agent's name may not have."""
    return re.sub(r"[^A-Za-z0-9._-]", "-", host).lstrip("._-")[:100] or "this-machine"


def gpus_visible() -> bool:
    """Whether nvidia-smi is here and lists at least one GPU."""
    program = shutil.which("nvidia-smi")
    if program is None:
        return False
    try:
        listed = subprocess.run([program, "-L"], capture_output=True, timeout=20, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return listed.returncode == 0 and b"GPU " in listed.stdout


def python(module: str) -> list[str]:
    """A module run by this interpreter.

    -P keeps the current folder off its path, where something may be called `jobs` or `runs`.
    """
    safe_path = ["-P"] if sys.version_info >= (3, 11) else []
    return [sys.executable, *safe_path, "-m", module]


def environment() -> dict[str, str]:
    kept = {key: value for key, value in os.environ.items() if key not in NOT_INHERITED}
    return kept | checkout_path(kept)


def _server_environment(folder: Folder, shape: Shape) -> dict[str, str]:
    told = {
        "WHIRR_MODE": shape.mode,
        "WHIRR_DATA_DIR": str(folder.path),
        "PYTHONUNBUFFERED": "1",
    }
    beyond = shape.host not in ("127.0.0.1", "::1", "localhost")
    if beyond and not os.environ.get("WHIRR_ALLOWED_HOSTS", "").strip():
        told["WHIRR_ALLOWED_HOSTS"] = ",".join(names.of_this_machine(shape.host))
    return environment() | told


def checkout_path(kept: Mapping[str, str]) -> dict[str, str]:
    """In a checkout that is not installed, the children find the packages through PYTHONPATH."""
    root = Path(whirr.__file__ or "").resolve().parent.parent
    if not (root / "manage.py").is_file():
        return {}
    others = kept.get("PYTHONPATH", "").split(os.pathsep)
    return {
        "PYTHONPATH": os.pathsep.join([str(root), *(o for o in others if o and o != str(root))])
    }
