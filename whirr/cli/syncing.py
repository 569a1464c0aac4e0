"""Delivering direct runs from this machine: which folders there are, and what became of each."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from whirr.shipping import mark, trainer
from whirr.shipping.direct import DirectRun
from whirr.shipping.server import Server
from whirr.wire import Client, NotAllowed, Refused, Unreachable, WireError

RUN = re.compile(r"local-[0-9]{8}-[0-9]{6}-[0-9a-f]{6}\Z")
PATIENCE = 20.0  # seconds without any progress, after which a server counts as away
PAUSE = 0.5
FRUITLESS = 10  # turns that change nothing
DELIVERED, ALREADY, LIVE, FAILED, DAMAGED = "delivered", "already", "live", "failed", "damaged"


@dataclass(frozen=True)
class Result:
    """What became of one run; `detail` says why where it is not all well."""

    run: str
    state: str
    sent_bytes: int = 0
    detail: str = ""

    def as_json(self) -> dict[str, Any]:
        return {
            "run": self.run,
            "state": self.state,
            "sent_bytes": self.sent_bytes,
            "detail": self.detail,
        }


class NothingThere(Exception):
    """The folder that was named is none with runs in it; the text says so."""


def data_folder(start: Path) -> tuple[Path, Path | None]:
    """(data folder, the one run that was named, or None), from a run's folder, a data folder or a project.

    Raises NothingThere.
    """
    place = start.expanduser().absolute()
    if not place.is_dir():
        raise NothingThere(f"{start} is no folder")
    if RUN.match(place.name):
        inside = place.parent.name == "runs"
        return (place.parent.parent if inside else place.parent), place
    for folder in (place, place / ".whirr"):
        if (folder / "runs").is_dir():
            return folder, None
    raise NothingThere(f"{start} is neither a run's folder nor a .whirr, and has none")


def folders(data_dir: Path, only: Path | None) -> Iterator[Path]:
    """Direct runs by their age, and what only looks like one."""
    if only is not None:
        yield only
        return
    with os.scandir(data_dir / "runs") as entries:
        names = sorted(entry.name for entry in entries if entry.name.startswith("local-"))
    yield from (data_dir / "runs" / name for name in names)


class Address:
    """Where to deliver to, and who answers there: another server, perhaps, than the last time."""

    def __init__(self, url: str, token: str | None) -> None:
        self.url = url
        self.token = token
        self._store_id: str | None = None

    def store_id(self) -> str:
        """The server's name, asked for once; empty where it does not tell."""
        if self._store_id is None:
            self._store_id = ""
            with suppress(WireError), Client(self.url, self.token) as client:
                told = client.get("/api/v1/status").json()
                self._store_id = str(told.get("store_id") or "") if isinstance(told, dict) else ""
        return self._store_id


def is_done(folder: Path, there: Address) -> bool:
    """Whether its mark says that this server has it as it is."""
    told = mark.read(folder)
    if told is None or told.get("url") != there.url or not mark.holds(folder, told):
        return False
    return told.get("server") in {"", None, there.store_id()} or not there.store_id()


def problem_of(folder: Path) -> str:
    """Why the folder cannot be delivered; empty where it can."""
    if not RUN.match(folder.name):
        return "its name is no direct run's"
    if folder.is_symlink() or not folder.is_dir():
        return "it is no folder"
    if not (folder / "meta.json").exists():
        return "it has no meta.json: nothing says what this is"
    meta = trainer.meta_of(folder)
    if meta is None:
        return "its meta.json cannot be read"
    if meta.get("id") not in (None, folder.name):
        return f"its meta.json is that of {meta['id']!r}"
    return ""


def deliver(folder: Path, data_dir: Path, server: Server, tell: Callable[[int], object]) -> Result:
    """Deliver one run as far as it is; `tell` hears how many bytes were sent. Raises Unreachable and NotAllowed."""
    if problem := problem_of(folder):
        return Result(folder.name, DAMAGED, detail=problem)
    try:
        trainer.close_if_killed(folder)
    except OSError as error:
        return Result(folder.name, FAILED, detail=f"its meta.json cannot be written: {error}")
    run = DirectRun(folder, data_dir, server, lambda _: None)
    try:
        if _is_known(run, folder):
            return Result(folder.name, ALREADY)
        return _deliver(run, folder, tell)
    except NotAllowed:
        raise
    except Refused as error:
        return Result(folder.name, FAILED, run.sent_bytes, f"{error.detail} ({error.code})")
    finally:
        run.close()


def _is_known(run: DirectRun, folder: Path) -> bool:
    """Whether the mark is that of this very server, under another address."""
    told = mark.read(folder)
    if told is None or not told.get("server"):
        return False
    return told["server"] == run.open().store_id and mark.holds(folder, told)


def _deliver(run: DirectRun, folder: Path, tell: Callable[[int], object]) -> Result:
    fruitless, stuck_since = 0, None
    while True:
        before = run.progress
        try:
            more = run.turn()
            stuck_since = None
        except Unreachable:
            stuck_since = stuck_since or time.monotonic()
            if time.monotonic() - stuck_since > PATIENCE:
                raise
            time.sleep(PAUSE)
            continue
        tell(run.sent_bytes)
        if more:
            continue
        result = _judged(run, folder)
        if result is not None:
            return result
        fruitless = 0 if run.progress > before else fruitless + 1
        if fruitless > FRUITLESS:
            detail = "the server has other bytes than this folder, or something writes to it"
            return Result(folder.name, FAILED, run.sent_bytes, detail)


def _judged(run: DirectRun, folder: Path) -> Result | None:
    """None where it is neither whole nor live: it changed just now."""
    if run.left_out:
        detail = "; ".join(f"{name}: {why}" for name, why in run.left_out.items())
        return Result(folder.name, FAILED, run.sent_bytes, detail)
    meta = trainer.meta_of(folder)
    if meta is not None and not trainer.is_over(meta):
        return Result(folder.name, LIVE, run.sent_bytes, "it goes on; delivered as far as it is")
    if not run.is_whole():
        return None
    try:
        run.mark()
    except OSError as error:
        return Result(
            folder.name, DELIVERED, run.sent_bytes, f"the mark cannot be written: {error}"
        )
    return Result(folder.name, DELIVERED, run.sent_bytes)
