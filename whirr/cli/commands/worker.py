"""worker: run an agent, with the options that the agent itself knows."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec

import click

from whirr.cli import failures, output, place
from whirr.stack import roster

INSTALL = "install-service"
SERVER, DATA = ("--server", "-s"), ("--data-dir", "-d")
PASS_ON = {"ignore_unknown_options": True, "allow_extra_args": True, "help_option_names": []}


class Worker(click.Command):
    """Takes the agent's options as they stand, and has one word that is none of them.

    It is no click group: that would read the agent's options as its own.
    """

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """All of `install-service …`, the `--` in it included, is for that command."""
        if args[:1] != [INSTALL]:
            return super().parse_args(ctx, args)
        ctx.params["options"] = tuple(args)
        return []


@click.command(cls=Worker, context_settings=PASS_ON, add_help_option=False)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
def worker(options: tuple[str, ...]) -> None:
    """Run an agent on this machine; `whirr worker --help` lists the agent's options.

    Without --server, a project folder's own server and data folder are used.
    """
    if options[:1] == (INSTALL,):
        _install(list(options[1:]))
        return
    if find_spec("worker_agent") is None:
        raise failures.Failure("the agent is not installed here", "pip install whirr")
    argv = with_device(list(options))
    if not {"-h", "--help", "--version"} & set(argv):
        argv = with_place(argv)
    elif "--version" not in argv:
        output.data(
            f"whirr worker {INSTALL} makes it a systemd service; --help after it says more.\n"
        )
    command = [*roster.python("worker_agent"), *argv]
    sys.stdout.flush()
    # In place of this process: signals reach the agent, and nothing of the command line stays in memory.
    os.execve(command[0], command, os.environ | roster.checkout_path(os.environ))  # noqa: S606


def _install(argv: list[str]) -> None:
    from whirr.cli.commands.install_service import install_service

    install_service.main(args=argv, prog_name=f"whirr worker {INSTALL}", standalone_mode=False)


def with_device(argv: list[str]) -> list[str]:
    """`--device N`, as whirr has always had it, is the agent's `--gpu N`."""
    return [
        "--gpu"
        if word == "--device"
        else f"--gpu={word[9:]}"
        if word.startswith("--device=")
        else word
        for word in argv
    ]


def with_place(argv: list[str]) -> list[str]:
    """The options, completed by the embedded server of the project folder where none was named."""
    if _names(argv, SERVER) or os.environ.get("WHIRR_SERVER_URL", "").strip():
        return argv
    where = place.find(None, _value(argv, DATA), with_agent=False)
    argv = [*argv, "--server", where.url]
    if where.folder and not _names(argv, DATA):
        argv += ["--data-dir", str(where.folder.path)]
    if where.token:
        os.environ.setdefault("WHIRR_TOKEN", where.token)  # never in argv: command lines are public
    return argv


def _names(argv: list[str], names: tuple[str, str]) -> bool:
    return _value(argv, names) is not None


def _value(argv: list[str], names: tuple[str, str]) -> str | None:
    """What an option was given, in each of the ways in which argparse takes it."""
    long, short = names
    for place_, word in enumerate(argv):
        if word in names:
            return argv[place_ + 1] if place_ + 1 < len(argv) else ""
        if word.startswith(f"{long}="):
            return word[len(long) + 1 :]
        if word.startswith(short) and not word.startswith("--"):
            return word[len(short) :].lstrip("=")
    return None
