"""sync: deliver what direct runs have not delivered yet."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from types import TracebackType

import click

from whirr.cli import failures, output, place, syncing
from whirr.cli.syncing import Address, Result
from whirr.shipping.server import Server
from whirr.wire import WireError

WORDS = {
    syncing.DELIVERED: "delivered",
    syncing.ALREADY: "was there already",
    syncing.LIVE: "still runs, delivered as far as it is",
}


@click.command()
@click.argument("directory", metavar="[DIR]", required=False)
@click.option("--json", "as_json", is_flag=True, help="Print what became of each run as JSON.")
@place.options
def sync(
    server_url: str | None, data_dir: str | None, *, directory: str | None, as_json: bool
) -> int:
    """Deliver what direct runs have not delivered yet; as often as you like.

    DIR is a run's folder, a .whirr, or a project with one; without it, the nearest.

    \b
    whirr sync
    whirr sync .whirr/runs/local-20260115-103000-a1b2c3 --server http://head:8080
    """
    data, only = _folder(directory, data_dir)
    where = _server(server_url, data)
    where.client()  # an address that is none is told at once
    there = syncing.Address(where.url, where.token)
    results: list[Result] = []
    with Progress() as progress:
        try:
            found = list(syncing.folders(data, only))
            for at, folder in enumerate(found):
                progress.begin(folder.name, at, len(found))
                results.append(_one(folder, data, there, progress.sent))
        except WireError as error:
            if results:
                _report(results, as_json=as_json)
            raise failures.from_wire(error, where.url) from error
    _report(results, as_json=as_json)
    bad = [each for each in results if each.state in (syncing.FAILED, syncing.DAMAGED)]
    return failures.FAILED if bad else failures.DONE


def _folder(directory: str | None, data_dir: str | None) -> tuple[Path, Path | None]:
    start = directory or data_dir
    if start is None:
        found = place.find_folder(None)
        if found is None:
            raise failures.Failure(
                "there is no .whirr here or above", "name a folder: whirr sync DIR", failures.USAGE
            )
        start = str(found.path)
    try:
        return syncing.data_folder(Path(start))
    except syncing.NothingThere as error:
        mend = "a run's folder is .whirr/runs/local-…; a project has a .whirr"
        raise failures.Failure(str(error), mend, failures.USAGE) from error


def _server(server_url: str | None, data: Path) -> place.Place:
    """The one that was named, or that of the environment; otherwise the stack of the runs' own folder."""
    named = server_url or os.environ.get("WHIRR_SERVER_URL", "").strip()
    if named or (data / "config.yaml").is_file():
        return place.find(named or None, str(data), with_agent=False)
    return place.find(None, None, with_agent=False)


def _one(folder: Path, data: Path, there: Address, tell: Callable[[int], object]) -> Result:
    if syncing.is_done(folder, there):
        return Result(folder.name, syncing.ALREADY)
    return syncing.deliver(folder, data, Server(there.url, there.token), tell)


def _report(results: list[Result], *, as_json: bool) -> None:
    if as_json:
        output.as_json([each.as_json() for each in results])
    for each in results:
        if each.state in (syncing.FAILED, syncing.DAMAGED):
            output.chat(f"whirr: {each.run}: {each.detail}")
        elif not as_json and each.state != syncing.ALREADY:
            output.data(f"{each.run}\t{WORDS[each.state]}\t{_size(each.sent_bytes)}")
    if not as_json:
        already = sum(each.state == syncing.ALREADY for each in results)
        output.chat(f"{len(results)} direct runs, of which {already} had been delivered before")


def _size(count: int) -> str:
    for unit in ("B", "KiB", "MiB"):
        if count < 1024:
            return f"{count:.0f} {unit}"
        count //= 1024
    return f"{count} GiB"


class Progress:
    """A bar on a terminal, nothing in a pipe."""

    def __enter__(self) -> Progress:
        if sys.stderr.isatty():
            from rich.console import Console
            from rich.progress import Progress as Bar

            self._bar: Bar | None = Bar(console=Console(stderr=True), transient=True)
            self._bar.start()
        else:
            self._bar = None
        self._name = ""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._bar is not None:
            self._bar.stop()

    def begin(self, name: str, at: int, total: int) -> None:
        self._name = name
        if self._bar is not None:
            if not self._bar.tasks:
                self._bar.add_task(name, total=total)
            self._bar.update(self._bar.tasks[0].id, completed=at, description=name)

    def sent(self, count: int) -> None:
        if self._bar is not None and self._bar.tasks:
            told = f"{self._name} {_size(count)}"
            self._bar.update(self._bar.tasks[0].id, description=told)
