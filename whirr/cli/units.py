"""An agent as a systemd service: the unit's text, and that of the file beside it which holds the token.

`docker/systemd/` holds what comes out for a downloaded agent; a test compares the two. docs/nodes.md says why.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

DOWNLOADED = "/usr/local/bin/whirr-worker"
SYSTEM_ENVIRONMENT = Path("/etc/whirr/worker.env")
ACCOUNT = "whirr"
STOP_TIMEOUT = 3600

_PLAIN = re.compile(r"[A-Za-z0-9_@+=:,./-]+")
_TOKEN = re.compile(r"[A-Za-z0-9._~+/=:@-]*")


@dataclass(frozen=True)
class Unit:
    """What a unit is made of. Without a server or a data folder they come from the environment file or systemd."""

    gpu: str = "all"  # as the agent takes it; "" gives it none
    is_template: bool = False  # one unit for all: whirr-worker@0 serves GPU 0
    for_user: bool = False  # in somebody's own service manager, which can do less
    server: str = ""
    data_dir: str = ""
    run_as: str = ACCOUNT
    program: str = DOWNLOADED
    options: tuple[str, ...] = ()
    on_stop: str = "finish"
    stop_timeout: int = STOP_TIMEOUT
    environment: Path = SYSTEM_ENVIRONMENT

    @property
    def name(self) -> str:
        """The file's name."""
        if self.is_template:
            return "whirr-worker@.service"
        if self.gpu in ("", "all"):
            return "whirr-worker.service"
        return f"whirr-worker-gpu{self.gpu.replace(',', '-')}.service"

    @property
    def instance(self) -> str:
        """What to enable; of a template the first one."""
        return self.name.replace("@.", "@0.")

    def render(self) -> str:
        """The unit's text. ValueError where a word cannot stand in one."""
        sections = {
            "Unit": [*self._introduction()],
            "Service": [*self._start(), *self._stop(), *_limits(), *self._hardening()],
            "Install": [f"WantedBy={'default' if self.for_user else 'multi-user'}.target"],
        }
        blocks = ["\n".join([f"[{name}]", *lines]) for name, lines in sections.items()]
        return "\n\n".join([f"# {self.name}: see docs/nodes.md", *blocks]) + "\n"

    def _introduction(self) -> Iterator[str]:
        served = {"": "this machine", "all": "the GPUs of this machine"}
        place = "GPU %i" if self.is_template else served.get(self.gpu, f"GPU {self.gpu}")
        yield f"Description=whirr agent for {place}"
        if not self.for_user:  # a user's manager knows neither unit
            yield "Wants=network-online.target"
            yield "After=network-online.target nvidia-persistenced.service"
        if self.data_dir:
            yield f"RequiresMountsFor={quoted(self.data_dir)}"
        yield "# Try for ever: the server may be away for longer than systemd is patient."
        yield "StartLimitIntervalSec=0"

    def _start(self) -> Iterator[str]:
        yield "Type=exec"
        if not self.for_user:
            yield f"User={self.run_as}"
        yield "# WHIRR_TOKEN, and whatever else the agent reads; mode 0600."
        yield f"EnvironmentFile={_path(self.environment)}"
        yield from self._state()
        if self._has_gpus and not self.for_user:
            yield "# CUDA's set-uid helper gets no privileges below; so root makes the device files beforehand."
            yield f"ExecStartPre=-+/bin/sh -c '{MAKE_DEVICES}'"
        yield f"ExecStart={self._command()}"
        yield "Restart=always"
        yield "RestartSec=5"
        yield "# 1: the server refuses it, or the name is taken; 2: wrong options. All else may pass (75)."
        yield "RestartPreventExitStatus=1 2"

    def _state(self) -> Iterator[str]:
        if self.data_dir:
            return
        if self.for_user:  # their %S is where settings are, before systemd 254
            yield "Environment=WHIRR_DATA_DIR=%h/.local/state/whirr"
            return
        yield "StateDirectory=whirr"
        yield "StateDirectoryMode=0750"
        yield "Environment=WHIRR_DATA_DIR=%S/whirr"

    def _command(self) -> str:
        words: list[str] = []
        words += ["--server", self.server] if self.server else []
        words += ["--data-dir", self.data_dir] if self.data_dir else []
        words += ["--on-stop", self.on_stop] if self.on_stop != "finish" else []
        words += self.options
        # systemd's own %i, which quoting would take for a percent sign
        gpu = "--gpu %i" if self.is_template else f"--gpu {self.gpu}" if self._has_gpus else ""
        arguments = [quoted(word, is_argument=True) for word in words]
        return " ".join([quoted(self.program), *arguments, *filter(None, [gpu])])

    @property
    def _has_gpus(self) -> bool:
        return self.is_template or bool(self.gpu)

    def _stop(self) -> Iterator[str]:
        yield "# The agent alone is told to stop, and looks after its jobs; what is left after this time is killed."
        yield "KillMode=mixed"
        yield f"TimeoutStopSec={self.stop_timeout}"

    def _hardening(self) -> Iterator[str]:
        yield "# No PrivateDevices, DeviceAllow or ProtectClock: each of them hides the GPUs."
        yield "NoNewPrivileges=yes"
        if not self.for_user:
            yield "CapabilityBoundingSet="
            yield "ProtectSystem=full"


MAKE_DEVICES = "timeout 60 nvidia-smi -L >/dev/null 2>&1 && nvidia-modprobe -u -c=0"


def _limits() -> Iterator[str]:
    yield "# A job that takes too much memory ends alone; its loaders may have many threads, files and pinned pages."
    yield "OOMPolicy=continue"
    yield "Delegate=yes"
    yield "TasksMax=infinity"
    yield "LimitNOFILE=65536:1048576"
    yield "LimitMEMLOCK=infinity"


def quoted(word: str, *, is_argument: bool = False) -> str:
    """A word as systemd reads it back: quoted where it has to be, `%` doubled, and `$` too in a program's arguments."""
    if not word.isprintable():
        raise ValueError(f"{word!r} cannot stand in a unit: it holds what cannot be printed")
    if _PLAIN.fullmatch(word):
        return word
    text = word.replace("%", "%%").replace("\\", "\\\\").replace('"', '\\"')
    return f'"{text.replace("$", "$$")}"' if is_argument else f'"{text}"'


def _path(path: Path) -> str:
    """The path of an environment file, which systemd takes to the end of the line and without quotes."""
    text = str(path)
    if not text.isprintable() or text != text.strip():
        raise ValueError(f"{text!r} cannot stand in a unit")
    return text.replace("%", "%%")


def environment_file(token: str) -> str:
    """The text of the file that holds the token. ValueError where it is none."""
    if not _TOKEN.fullmatch(token):
        raise ValueError("WHIRR_TOKEN holds characters that no token has")
    return (
        "# Read by the units of whirr-worker. Mode 0600: a token lets in whoever knows it.\n"
        "# An agent that is told its server by nothing else reads WHIRR_SERVER_URL here.\n"
        f"WHIRR_TOKEN={token}\n"
    )
