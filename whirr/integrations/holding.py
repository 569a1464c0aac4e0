"""The run that a callback logs to: the one that is active, or one of its own. Nothing in here breaks a training."""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Callable, TypeVar

import whirr

Method = TypeVar("Method", bound=Callable[..., Any])

_begun: set[str] = set()  # ids of runs that callbacks began


class Holder:
    """Options are those of `whirr.init`, for the case that a run has to be begun.

    A run that the script itself began, before the first value is logged, is joined, and is the script's to end. One
    that another callback of this program began is not: each training has its own.
    """

    def __init__(self, options: Mapping[str, Any]) -> None:
        self._options = dict(options)
        self._run: whirr.Run | None = None
        self._ours = False

    @property
    def run(self) -> whirr.Run:
        """The run, begun now if need be."""
        if self._run is None:
            active = whirr.get_active_run()
            self._ours = active is None or active.id in _begun
            if active is None or self._ours:
                active = whirr.init(**self._options)
                _begun.add(active.id)
            self._run = active
        return self._run

    @property
    def has_begun(self) -> bool:
        """Whether anything was asked of the run yet."""
        return self._run is not None

    def finish(self, status: str = "completed") -> None:
        """End the run, if it was begun here."""
        if self._run is not None and self._ours:
            self._run.finish(status)


def quiet(method: Method) -> Method:
    """What goes wrong in the method is said through `logging`, once for each method, and the training goes on."""
    said: set[str] = set()

    @functools.wraps(method)
    def guarded(*args: Any, **more: Any) -> Any:
        try:
            return method(*args, **more)
        except Exception as error:
            subject = f"{type(args[0]).__name__}.{method.__name__}" if args else method.__name__
            if subject not in said:
                said.add(subject)
                text = "whirr: %s: %s: %s (said once; the training goes on)"
                logging.getLogger("whirr").warning(text, subject, type(error).__name__, error)
            return None

    return guarded  # type: ignore[return-value]


def save(run: whirr.Run, path: str, name: str) -> None:
    """Keep a file or folder that a library wrote, if it did."""
    if path and Path(path).exists():
        run.save_artifact(path, name)


def grouped(logs: Mapping[str, Any], groups: Mapping[str, str], other: str = "") -> dict[str, Any]:
    """Names by their beginning: with {"val_": "val/"}, `val_loss` becomes `val/loss`; `other` goes before the rest."""
    named = {}
    for key, value in logs.items():
        start = next((start for start in groups if key.startswith(start)), "")
        named[groups.get(start, other) + key[len(start) :]] = value
    return named
