"""The run of this process: begun by `init`, ended at the latest when the program ends."""

from __future__ import annotations

import atexit
import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from whirr import _place, _values
from whirr._run import Run


class _Program:
    """What is known about this program as a whole."""

    run: Run | None = None
    failed = False
    watched = False


def init(
    name: str | None = None,
    config: Mapping[str, Any] | object | None = None,
    tags: Iterable[str] | None = None,
    *,
    system_metrics: bool = True,
    capture_git: bool = True,
    capture_pip: bool = True,
    strict: bool = False,
) -> Run:
    """Begin a run; inside a whirr job, join the job's run.

    `config` may be a mapping, an argparse.Namespace or a dataclass. `system_metrics` is accepted
    and has no effect: jobs are measured by their agent. With `strict`, what cannot be recorded
    raises instead of warning.
    """
    if isinstance(tags, str):
        raise TypeError("tags must be a list of texts, not one text")
    if _Program.run is not None and not _Program.run.finished:
        _Program.run.finish()
    run = Run(
        _place.find(os.environ, Path.cwd()),
        name=name,
        config=_as_mapping(config),
        tags=tags or (),
        capture_git=capture_git,
        capture_pip=capture_pip,
        strict=strict,
    )
    _Program.run = run
    _watch_the_end()
    return run


def get_active_run() -> Run | None:
    """The run that was begun last and has not finished."""
    run = _Program.run
    return None if run is None or run.finished else run


def _as_mapping(config: object) -> Mapping[str, Any]:
    plain = _values.plain(config)
    return plain if isinstance(plain, dict) else {} if plain is None else {"config": plain}


def _watch_the_end() -> None:
    if _Program.watched:
        return
    _Program.watched = True
    atexit.register(_at_exit)
    os.register_at_fork(after_in_child=_in_forked_child)
    before = sys.excepthook

    def note_failure(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        _Program.failed = True
        before(kind, error, trace)

    sys.excepthook = note_failure


def _in_forked_child() -> None:
    if _Program.run is not None:
        _Program.run.after_fork()


def _at_exit() -> None:
    if _Program.run is not None:
        _Program.run.finish_at_exit(failed=_Program.failed)
