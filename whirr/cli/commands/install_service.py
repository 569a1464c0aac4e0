"""worker install-service: the agent as a systemd service, printed or put in place."""

from __future__ import annotations

import os
import pwd
from pathlib import Path
from typing import Any

import click

from whirr.cli import failures, output, service_files, service_options, units
from whirr.cli.service_options import SYSTEM_FOLDER
from whirr.cli.units import Unit
from whirr.cli.values import Duration


@click.command("install-service", context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--server", "-s", metavar="URL", envvar="WHIRR_SERVER_URL", help="The server.")
@click.option("--data-dir", "-d", metavar="DIR", help="Where runs are written [/var/lib/whirr].")
@click.option("--gpu", "-g", metavar="N|0,1|all|none", help="GPUs to hand out [all].")
@click.option("--template", is_flag=True, help="One unit for all: whirr-worker@0 serves GPU 0.")
@click.option("--run-as", metavar="USER", help="Whose jobs they become [you, or who called sudo].")
@click.option(
    "--on-stop",
    type=click.Choice(["finish", "requeue"]),
    default="finish",
    help="What becomes of jobs when it is stopped [finish].",
)
@click.option(
    "--stop-timeout",
    type=Duration(),
    default="1h",
    metavar="2h",
    help="Until what is left is killed [1h].",
)
@click.option("--program", metavar="PATH", help="The agent [the installed whirr-worker].")
@click.option("--env-file", metavar="PATH", help="Holds the token [/etc/whirr/worker.env].")
@click.option("--user", "for_user", is_flag=True, help="A service of your own, without root.")
@click.option("--write", is_flag=True, help="Put the files in place instead of printing the unit.")
@click.option("--dir", "folder", metavar="DIR", help=f"Where units live [{SYSTEM_FOLDER}].")
@click.option("--force", is_flag=True, help="Replace files that differ.")
@click.argument("options", nargs=-1, type=click.UNPROCESSED, metavar="[-- AGENT OPTIONS]")
def install_service(*, write: bool, folder: str | None, force: bool, **given: Any) -> None:
    """Print the systemd unit of an agent, or put it in place with --write.

    The token never stands in it: WHIRR_TOKEN goes into a file of its own that only its owner may read.

    \b
    whirr worker install-service -s http://gpu-head:8080                     every GPU
    whirr worker install-service -s http://gpu-head:8080 --template          one service a GPU
    whirr worker install-service -s http://gpu-head:8080 -- --tags fast      with options of the agent
    """
    if folder is not None and not write:
        raise click.UsageError("--dir says where to write: give --write, too")
    unit = service_options.unit(**given)
    try:
        text, secret = unit.render(), units.environment_file(_token())
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not write:
        _print(unit, text)
        return
    place = service_options.folder(folder, for_user=unit.for_user)
    service_files.check_folder(place, make=unit.for_user and folder is None)
    _write(unit, place, text, secret, force=force)


def _token() -> str:
    return os.environ.get("WHIRR_TOKEN", "").strip()


def _print(unit: Unit, text: str) -> None:
    """The unit alone on stdout: `> file` makes one."""
    output.data(text.rstrip("\n"))
    output.chat(f"This is {unit.name}; --write puts it in place.")
    output.chat(f"It reads {unit.environment} (mode 0600): one line, WHIRR_TOKEN=<token>.")


def _write(unit: Unit, folder: Path, text: str, secret: str, *, force: bool) -> None:
    """Both files, after every reason not to write either was looked for."""
    _check_machine(unit)
    path, environment = folder / unit.name, unit.environment
    is_new = service_files.check(path, text, force=force)
    # A token that is in place is not lost to a call that names none.
    keeps = service_files.is_there(environment) and not _token()
    is_secret_new = not keeps and service_files.check(environment, secret, force=force)
    if is_secret_new:
        service_files.write(environment, secret, mode=0o600)
    elif service_files.close(environment):
        output.chat(f"{environment}: others could read it, now they cannot")
    if is_new:
        service_files.write(path, text, mode=0o644)
    output.data(f"{path}\t{'written' if is_new else 'unchanged'}")
    output.data(f"{environment}\t{'written' if is_secret_new else 'unchanged'}")
    _next(unit, needs_token=is_secret_new and not _token())


def _check_machine(unit: Unit) -> None:
    """What would make the service fail on its first day."""
    if not os.access(unit.program, os.X_OK):
        raise failures.Failure(
            f"there is no program {unit.program}",
            f"download the agent from {unit.server}/download/whirr-worker, or name it: --program",
        )
    if unit.for_user:
        return
    try:
        account = pwd.getpwnam(unit.run_as)
    except KeyError as error:
        raise failures.Failure(
            f"there is no account {unit.run_as!r} to run jobs as",
            f"name another with --run-as, or: useradd --system --create-home {unit.run_as}",
        ) from error
    if account.pw_uid == 0:
        output.chat("warning: every job will run as root, and may do anything to this machine")


def _next(unit: Unit, *, needs_token: bool) -> None:
    control = "systemctl --user" if unit.for_user else "systemctl"
    if needs_token:
        output.chat(f"Put the server's token into {unit.environment}. Then:")
    else:
        output.chat("Then:")
    output.chat(f"  {control} daemon-reload")
    output.chat(f"  {control} enable --now {unit.instance}")
    if unit.is_template:
        output.chat("  and the same with @1 and so on for the other GPUs")
    if unit.for_user:
        output.chat("  loginctl enable-linger    # so that it runs while you are not logged in")
