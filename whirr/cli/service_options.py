"""What `whirr worker install-service` was given, checked, as a unit."""

from __future__ import annotations

import os
import pwd
import re
import shutil
import sys
from pathlib import Path
from typing import Any

import click

from whirr.cli import units
from whirr.cli.units import Unit
from whirr.wire import parse_address

SYSTEM_FOLDER = Path("/etc/systemd/system")
# What this command decides itself, what would put a token into the unit, and what would end and start it over and over.
NOT_PASSED_ON = ("--server", "--data-dir", "--gpu", "--on-stop", "--token", "--once")
SHORT = ("-s", "-d", "-g")
_GPUS = re.compile(r"\d{1,3}(,\d{1,3})*", re.ASCII)
_ACCOUNT = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]{0,30}\$?")


def unit(**given: Any) -> Unit:
    """The unit that the options mean. Raises click.UsageError where they cannot be meant."""
    for_user, account = given["for_user"], given["run_as"]
    if given["template"] and given["gpu"] is not None:
        raise click.UsageError(
            "--template serves the GPU that its instance names: leave --gpu away"
        )
    if given["template"] and any(word.startswith("--name") for word in given["options"]):
        raise click.UsageError("agents of --template need names of their own: leave --name away")
    if for_user and account is not None:
        raise click.UsageError("a service of --user runs as yourself: leave --run-as away")
    return Unit(
        gpu=_gpus(given["gpu"]),
        is_template=given["template"],
        for_user=for_user,
        server=_server(given["server"]),
        data_dir=_absolute(given["data_dir"]),
        run_as="" if for_user else _account(account),
        program=_absolute(given["program"]) or _installed(),
        options=_passed_on(given["options"]),
        on_stop=given["on_stop"],
        stop_timeout=given["stop_timeout"],
        environment=Path(_absolute(given["env_file"]) or _environment(for_user=for_user)),
    )


def folder(given: str | None, *, for_user: bool) -> Path:
    """Where units live: the folder that was named, or systemd's own."""
    if given is not None:
        return Path(_absolute(given))
    return _config_home() / "systemd/user" if for_user else SYSTEM_FOLDER


def _server(url: str | None) -> str:
    if not (url or "").strip():
        raise click.UsageError(
            "which server? give --server http://HOST:PORT or set WHIRR_SERVER_URL"
        )
    address = str(url).strip().rstrip("/")
    try:
        parse_address(address)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    return address


def _gpus(text: str | None) -> str:
    plain = (text or "all").replace(" ", "").lower()
    if plain == "none":
        return ""
    if plain == "all":
        return plain
    if not _GPUS.fullmatch(plain):
        raise click.UsageError(f"--gpu {text!r}: use a number, numbers with commas, all or none")
    return ",".join(map(str, sorted({int(part) for part in plain.split(",")})))


def _account(name: str | None) -> str:
    """Whose processes the jobs become: never root's, unless that was asked for."""
    if name is not None:
        if not _ACCOUNT.fullmatch(name):
            raise click.UsageError(f"--run-as {name!r} is no account's name")
        return name
    found = os.environ.get("SUDO_USER") or pwd.getpwuid(os.getuid()).pw_name
    return units.ACCOUNT if found == "root" else found


def _passed_on(options: tuple[str, ...]) -> tuple[str, ...]:
    for word in options:
        name = word.partition("=")[0]
        # The agent takes --serv for --server; so a beginning counts as the whole.
        long = name.startswith("--") and any(each.startswith(name) for each in NOT_PASSED_ON)
        if long or (word.startswith(SHORT) and not name.startswith("--")):
            raise click.UsageError(
                f"{name} cannot be passed on to the agent: this command has an option for it, "
                "or a service cannot use it"
            )
    return options


def _absolute(path: str | None) -> str:
    return str(Path(path).expanduser().absolute()) if path else ""


def _installed() -> str:
    """The agent beside this interpreter, or on PATH, or where docs/nodes.md puts the downloaded one."""
    beside = Path(sys.executable).parent / "whirr-worker"
    return str(beside) if beside.is_file() else shutil.which("whirr-worker") or units.DOWNLOADED


def _config_home() -> Path:
    return Path(os.environ.get("XDG_CONFIG_HOME") or Path.home() / ".config")


def _environment(*, for_user: bool) -> str:
    return str(_config_home() / "whirr/worker.env" if for_user else units.SYSTEM_ENVIRONMENT)
