"""import: runs of other trackers, and exported ones, into this project."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Callable, TypeVar

import click

from whirr.cli import failures, output, values

if TYPE_CHECKING:
    from whirr.importing.folders import Source, Taken, Tell

    Sources = Callable[[Tell], Iterator[Source]]

Command = TypeVar("Command", bound=Callable[..., Any])
FULL = (errno.ENOSPC, errno.EDQUOT, errno.EROFS)  # the next run would fail as this one did


@click.group("import")
def group() -> None:
    """Bring runs in. What was imported before is left alone."""


def _options(command: Command) -> Command:
    for option in (
        click.option("--project", metavar="NAME", default="", help="Default: the source's own."),
        click.option("--tags", multiple=True, metavar="A,B", help="Tags for all of them."),
        click.option(
            "--data-dir", "-d", metavar="DIR", help="Data folder, .whirr [WHIRR_DATA_DIR]."
        ),
        click.option("--json", "as_json", is_flag=True, help="Print what was done as JSON."),
    ):
        command = option(command)
    return command


@group.command()
@click.argument("logdir", type=click.Path(path_type=Path))
@_options
def tensorboard(logdir: Path, **more: Any) -> int:
    """Event files: each folder that has some is a run."""
    from whirr.importing import tensorboard as source

    return _import(lambda tell: source.runs(logdir, tell), **more)


@group.command()
@click.argument("uri")
@click.option("--running", is_flag=True, help="Also those that still run, as they stand now.")
@click.option("--no-artifacts", is_flag=True, help="Leave artifacts where they are.")
@_options
def mlflow(uri: str, *, running: bool, no_artifacts: bool, **more: Any) -> int:
    """A tracking server (http://…), an mlruns folder, or a database (sqlite:///…)."""
    from whirr.importing import mlflow as source

    wanted = {"running": running, "artifacts": not no_artifacts}
    return _import(lambda tell: source.runs(uri, tell, **wanted), **more)


@group.command()
@click.argument("path", type=click.Path(path_type=Path))
@_options
def runs(path: Path, **more: Any) -> int:
    """What `whirr export` wrote as JSON Lines or as folders; also run folders of a .whirr/runs."""
    from whirr.importing import exported as source

    read = source.from_folders if path.is_dir() else source.from_lines
    return _import(lambda tell: read(path, tell), **more)


@group.command("csv")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--step", metavar="COL", required=True, help="The column of the steps.")
@click.option("--time", metavar="COL", default="", help="One of times: ISO, or seconds since 1970.")
@_options
def from_csv(file: Path, *, step: str, time: str, **more: Any) -> int:
    """A table: a run with a series for each column of numbers."""
    from whirr.importing import table as source

    return _import(lambda tell: source.runs(file, step=step, time=time), **more)


def _import(
    sources: Sources, *, project: str, tags: tuple[str, ...], data_dir: str | None, as_json: bool
) -> int:
    """Write them all; exit code 1 where one could not be, whatever was wrong with it."""
    from whirr.importing.folders import Unreadable, take

    folder = _folder(data_dir)
    told: list[dict[str, Any]] = []
    failed = 0
    try:
        for source in sources(output.chat):
            try:
                taken = take(source, folder, tags=values.listed(tags), project=project)
            except Exception as problem:
                if isinstance(problem, OSError) and problem.errno in FULL:
                    raise
                output.chat(f"whirr: {source.name or source.key}: {_cause(problem)}")
                failed += 1
                continue
            told.append(_told(source, taken))
            _say(source, taken)
    except Unreadable as problem:
        raise failures.Failure(str(problem), problem.mend) from problem
    except OSError as error:
        where = error.filename or folder
        raise failures.Failure(
            f"{where}: {error.strerror or error}", "nothing else was done"
        ) from error
    _sum_up(told, folder, as_json=as_json)
    if failed:
        output.chat(f"{failed} could not be brought in, and left nothing behind")
    return failures.FAILED if failed else failures.DONE


def _cause(problem: Exception) -> str:
    """In one line, with what may help."""
    mend = getattr(problem, "mend", "")
    if mend:
        return f"{problem} ({mend})"
    if isinstance(problem, OSError) and problem.strerror:
        return f"{problem.filename or 'its files'}: {problem.strerror}"
    from whirr.importing.folders import Unreadable

    told = " ".join(str(problem).split())[:400]
    return told if isinstance(problem, Unreadable) else f"{type(problem).__name__}: {told}"


def _folder(data_dir: str | None) -> Path:
    """Where run folders lie: as the library finds it."""
    from whirr._place import project_folder

    if data_dir:
        return Path(data_dir).expanduser().absolute() / "runs"
    return project_folder(os.environ, Path.cwd()) / "runs"


def _told(source: Source, taken: Taken) -> dict[str, Any]:
    return {
        "run": taken.run_id,
        "name": source.name,
        "new": taken.is_new,
        "source": source.key,
        "remarks": taken.remarks,
    }


def _say(source: Source, taken: Taken) -> None:
    if not taken.is_new:
        output.chat(f"{taken.run_id}: imported before, left alone ({source.name or source.key})")
    for remark in taken.remarks:
        output.chat(f"{taken.run_id}: {remark}")


def _sum_up(told: list[dict[str, Any]], folder: Path, *, as_json: bool) -> None:
    new = [each for each in told if each["new"]]
    if as_json:
        output.as_json(told)
    elif new:
        output.table(("run", "name"), [(each["run"], each["name"]) for each in new])
    output.chat(f"{len(new)} of {len(told)} runs are new in {folder}")
    if new:
        output.chat("`whirr up` shows them; `whirr sync` delivers them to another server")
