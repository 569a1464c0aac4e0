"""export: runs as files that anybody can read."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

import click

from whirr.cli import asking, downloads, failures, place, values
from whirr.wire import Client, WireError

FORMATS = ("json", "jsonl", "csv", "parquet", "tar", "folder")
FOR_NO_TERMINAL = ("parquet", "tar")
STDOUT = "-"


@click.command()
@click.argument("runs", metavar="[RUN…]", nargs=-1)
@click.option("--all", "every", is_flag=True, help="Every run that the server knows.")
@click.option("--project", metavar="NAME", help="With --all: only those of this project.")
@click.option(
    "--format",
    "-f",
    "form",
    type=click.Choice(FORMATS),
    help="Default: json; with --all, folder: each run's files as they are, and run.json.",
)
@click.option("--what", type=click.Choice(["all", "metrics"]), help="Default: all that fits.")
@click.option("--raw", is_flag=True, help="CSV: also texts that a spreadsheet runs as formulas.")
@click.option("--output", "-o", metavar="PATH", help="A file, a folder, or - for stdout (default).")
@click.option("--force", is_flag=True, help="Replace what is there.")
@place.options
def export(
    server_url: str | None,
    data_dir: str | None,
    *,
    runs: tuple[str, ...],
    every: bool,
    project: str | None,
    form: str | None,
    what: str | None,
    raw: bool,
    output: str | None,
    force: bool,
) -> None:
    """Take runs out: metrics as they were logged, config, events, artifacts."""
    _check_choice(runs, every=every, project=project)
    named = [values.run_id(run) for run in runs]
    form = form or ("folder" if every else "json")
    _check_target(form, output, many=every or len(named) > 1)
    where = place.find(server_url, data_dir)
    client = where.client()
    try:
        chosen = _all(client, project) if every else list(dict.fromkeys(named))
        query = {"format": "tar" if form == "folder" else form, "what": what}
        query["raw"] = "true" if raw else None
        fetch = downloads.Fetch(client, query, downloads.ENDS.get(form))
        _save(fetch, chosen, form, output, force=force)
    except WireError as error:
        raise failures.from_wire(error, where.url) from error


def _check_choice(runs: tuple[str, ...], *, every: bool, project: str | None) -> None:
    if every and runs:
        raise click.UsageError("name runs, or say --all")
    if not every and not runs:
        raise click.UsageError("name a run, or say --all")
    if project and not every:
        raise click.UsageError("--project chooses among --all")


def _check_target(form: str, output: str | None, *, many: bool) -> None:
    if output in (None, STDOUT):
        if form == "folder" or (many and form != "jsonl"):
            raise click.UsageError(f"{form} of this goes into a folder: name it with -o DIR")
        if form in FOR_NO_TERMINAL and sys.stdout.isatty():
            raise click.UsageError(f"{form} is not for a terminal: name a file with -o FILE")


def _all(client: Client, project: str | None) -> list[str]:
    found = asking.every(client, "/api/v1/runs", "runs", {"project": project, "archived": "any"})
    names = [values.run_id(str(run["id"])) for run in found]
    if not names:
        raise failures.Failure("there is no run to export", "whirr runs lists what there is")
    return names


def _save(
    fetch: downloads.Fetch, runs: list[str], form: str, output: str | None, *, force: bool
) -> None:
    if output is None or output == STDOUT:
        for run in runs:
            fetch.to_stdout(run)
        return
    targets = dict(zip(runs, _targets(runs, form, output)))
    if not force:
        _check_free(targets.values())
    with downloads.progress(len(targets)) as tell:
        for run, target in targets.items():
            try:
                if form == "folder":
                    fetch.to_folder(run, target, tell)
                else:
                    fetch.to_file(run, target, tell)
            except OSError as error:
                raise failures.Failure(
                    f"{target} cannot be written: {error.strerror or error}",
                    "choose another place with -o",
                ) from error


def _targets(runs: list[str], form: str, output: str) -> list[Path]:
    path = Path(output)
    if form == "folder":
        return [path / run for run in runs]
    if len(runs) > 1 or path.is_dir() or output.endswith("/"):
        return [path / f"{run}.{form}" for run in runs]
    return [path]


def _check_free(targets: Iterable[Path]) -> None:
    taken = [target for target in targets if target.exists()]
    if taken:
        more = f" (and {len(taken) - 1} more)" if len(taken) > 1 else ""
        raise failures.Failure(f"{taken[0]} is there already{more}", "--force replaces it")
