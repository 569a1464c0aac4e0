"""The `whirr` command: the list of commands, and how a failure becomes two lines and a code.

A command's module is imported when it is called; `whirr --help` imports none of them.
"""

from __future__ import annotations

import importlib
import os
import signal
import sys
from collections.abc import Sequence

import click

from whirr import __version__

# name: (module, one line of help), in the order of `whirr --help`
COMMANDS = {
    "init": ("stacks", "Make a project folder (.whirr/) here."),
    "up": ("stacks", "Run the whole stack for this folder; Ctrl-C stops it."),
    "down": ("stacks", "Stop the stack of this folder."),
    "dashboard": ("stacks", "Print the link to the dashboard and open it."),
    "submit": ("submit", "Queue a command: whirr submit [OPTIONS] -- CMD…"),
    "status": ("status", "Queue, running jobs and workers; or one job."),
    "explain": ("explain", "Say why a job does not run, and when it may."),
    "logs": ("logs", "Print a job's output."),
    "wait": ("wait", "Wait until jobs have ended."),
    "cancel": ("cancel", "Cancel jobs."),
    "retry": ("retry", "Run again what failed or was cancelled."),
    "hold": ("changing", "Keep jobs from starting."),
    "release": ("changing", "Let held jobs go."),
    "priority": ("changing", "Give a job another priority."),
    "runs": ("runs", "List runs."),
    "sync": ("sync", "Deliver what direct runs have not delivered yet."),
    "show": ("runs", "Show one run: config, summary, artifacts."),
    "compare": ("compare", "Show runs side by side."),
    "export": ("export", "Take runs out, as JSON, CSV, Parquet or folders."),
    "import": ("importing", "Bring runs in, from TensorBoard, MLflow, CSV or an export."),
    "archive": ("trash", "Leave ended runs out of lists; delete nothing."),
    "unarchive": ("trash", "Bring archived runs back into the lists."),
    "rm": ("trash", "Move runs to the trash."),
    "restore": ("trash", "Take runs out of the trash."),
    "trash": ("trash", "List the trash, or empty it."),
    "retention": ("retention", "Rules that move old runs to the trash."),
    "workers": ("workers", "List workers; drain, disable or forget them."),
    "worker": ("worker", "Run an agent on this machine."),
    "server": ("stacks", "Run a server for many machines."),
    "doctor": ("doctor", "Say what is wrong and how to mend it; rebuild the database."),
    "demo": ("demo", "Watch a small sweep train from start to end."),
}


class Commands(click.Group):
    """A group that knows its commands by name and imports one when it is called."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names, in the order in which people meet them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command with that name, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"whirr.cli.commands.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name, None) or getattr(module, "group", None)
        return command if isinstance(command, click.Command) else None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does it, with a guess at what an unknown name was meant to be."""
        name = args[0]
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        import difflib

        near = difflib.get_close_matches(name, COMMANDS, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise click.UsageError(f"there is no command {name!r}.{meant}", ctx)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, from the table above."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, text) for name, (_, text) in COMMANDS.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="whirr")
def whirr() -> None:
    """A GPU job queue and experiment tracker.

    Start with `whirr up` in your project's folder, then `whirr submit -- python train.py`.
    """


def main(argv: Sequence[str] | None = None) -> None:
    """The console script: run a command and exit with its code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    sys.exit(run(argv))


def run(argv: Sequence[str] | None = None) -> int:
    """Run a command; a failure is told on stderr. Returns the exit code."""
    try:
        code = whirr.main(args=argv, prog_name="whirr", standalone_mode=False)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader has had enough (`| head`)
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except (KeyboardInterrupt, click.Abort):
        _tell("interrupted")
        return 130
    except Exception as error:
        if os.environ.get("WHIRR_DEBUG", "").strip().lower() in {"1", "true", "yes", "on"}:
            raise
        return _explain(error)
    return code if isinstance(code, int) else 0


def _explain(error: Exception) -> int:
    """One line that says what is wrong, one that says how to mend it."""
    from whirr.cli import failures

    if isinstance(error, click.ClickException):
        return _explain_usage(error)
    if isinstance(error, failures.Failure):
        _tell(error.cause, error.mend)
        return error.code
    said = " ".join(str(error).split())
    _tell(
        f"unexpected {type(error).__name__}: {said}", "WHIRR_DEBUG=1 shows where; please report it"
    )
    return failures.FAILED


def _explain_usage(error: click.ClickException) -> int:
    message = error.format_message().rstrip(".")
    context = error.ctx if isinstance(error, click.UsageError) else None
    path = context.command_path if context else "whirr"
    _tell(message[:1].lower() + message[1:], f"see {path} --help")
    return error.exit_code


def _tell(cause: str, mend: str = "") -> None:
    sys.stderr.write(f"whirr: {cause}\n")
    if mend:
        sys.stderr.write(f"       {mend}\n")


if __name__ == "__main__":
    main()
