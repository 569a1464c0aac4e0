"""The run of this process: begun by `init`, ended at the latest when the program ends."""

from __future__ import annotations

import os
from pathlib import Path

from whirr import _place, _writers
from whirr._ending import Ending
from whirr._run import Run
from whirr._surroundings import Wanted
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from typing import Any

_EVERY = 10.0  # seconds between two looks at what a direct run uses


class _Program:
    """What is known about this program as a whole."""

    run: Run | None = None
    ending: Ending | None = None


def init(
    name: str | None = None,
    config: Mapping[str, Any] | object | None = None,
    tags: Iterable[str] | None = None,
    *,
    project: str | None = None,
    resume: str | None = None,
    writer: str | None = None,
    system_metrics: bool | float = True,
    capture_git: bool = True,
    capture_pip: bool = True,
    strict: bool = False,
) -> Run:
    """Begin a run; inside a whirr job, join the job's run.

    `config` may be a mapping, an argparse.Namespace or a dataclass. `resume` is the id of a direct run that goes on.
    `writer` names this process where several write to one run; ranks of a distributed training are told apart without
    it. `system_metrics` measures a direct run, every 10 s or as often as it says; jobs are measured by their agent.
    With `strict`, what cannot be recorded raises instead of warning. Raises TypeError or ValueError for arguments that
    cannot be meant.
    """
    if isinstance(tags, str):
        raise TypeError("tags must be a list of texts, not one text")
    named = None if writer is None else _writers.checked(writer)
    wanted = Wanted(git=capture_git, packages=capture_pip, measured_every=_seconds(system_metrics))
    if _Program.run is not None and not _Program.run.finished:
        _Program.run.finish()
    place = _place.find(os.environ, Path.cwd(), resume)
    if named is None:  # where nobody else can come, a rank says nothing
        named = _writers.writer_of(os.environ) if place.shared else ""
    run = Run(
        place,
        named,
        name=name,
        project=project,
        config=config,
        tags=tags or (),
        wanted=wanted,
        strict=strict,
    )
    _Program.run = run
    _watch_the_end()
    return run


def get_active_run() -> Run | None:
    """The run that was begun last and has not finished."""
    run = _Program.run
    return None if run is None or run.finished else run


def _seconds(system_metrics: object) -> float:
    """Raises ValueError for what is no time between two looks."""
    if isinstance(system_metrics, bool):
        return _EVERY if system_metrics else 0.0
    if not isinstance(system_metrics, (int, float)) or not 0 < system_metrics < 86400:
        raise ValueError(
            f"system_metrics={system_metrics!r}: True, False, or seconds between two looks"
        )
    return float(system_metrics)


def _watch_the_end() -> None:
    if _Program.ending is None:
        os.register_at_fork(after_in_child=_in_forked_child)
        _Program.ending = Ending(_at_exit, _progress)


def _progress() -> Any:
    return None if _Program.run is None else (_Program.run.id, _Program.run.written())


def _in_forked_child() -> None:
    if _Program.run is not None:
        _Program.run.after_fork()


def _at_exit(failed: bool) -> None:  # noqa: FBT001  (called by position, once)
    if _Program.run is not None:
        _Program.run.finish_at_exit(failed=failed)
