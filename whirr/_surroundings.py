"""What goes on beside a training: capturing what it ran from, measuring what it uses, delivering its files."""

from __future__ import annotations

import os
import threading
from pathlib import Path

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from whirr._capture import Capture
    from whirr._place import Place

    Complain = Callable[[str, Exception | str], None]

_CAPTURE_PATIENCE = 5.0  # seconds
_PATIENCE = "WHIRR_FINISH_PATIENCE"
_DEFAULT_PATIENCE = 10.0  # seconds


class Wanted:
    """`measured_every`: seconds between two looks at what the program uses; 0 for none."""

    __slots__ = ("git", "measured_every", "packages")

    def __init__(self, *, git: bool, packages: bool, measured_every: float) -> None:
        self.git = git
        self.packages = packages
        self.measured_every = measured_every


class Surroundings:
    """Of the process that writes the run's meta.json.

    Where that is not the main writer, the main one is expected to come: it measures and delivers. On a node that it
    never comes to, what there is is delivered at the end.
    """

    def __init__(self, place: Place, wanted: Wanted, complain: Complain, *, main: bool) -> None:
        self._place = place
        self._complain = complain
        self._delivery = self._begin_delivery() if main else None
        self._watch = self._begin_watch(wanted.measured_every) if main else None
        self._capture = _begin_capture(place, wanted)

    def stop(self) -> None:
        """Before the run's last word: nothing of its files changes after this."""
        if self._capture is not None:
            self._capture.end(_CAPTURE_PATIENCE)
        if self._watch is not None:
            self._watch.stop()

    def deliver(self, say: Complain) -> None:
        """After the run's last word: wait, but not for long."""
        if self._delivery is None:
            self._delivery = self._begin_delivery()
        if self._delivery is None:
            return
        try:
            if self._delivery.end(patience(say)):
                return
            why: Exception | str = (
                f"the server has not got all of it yet ({_PATIENCE}=2 waits for 2 seconds at most)"
            )
        except Exception as error:
            why = error
        say("delivery", f"{why}; run `whirr sync {self._place.folder}` to deliver the rest")

    def after_fork(self) -> None:
        if self._watch is not None:
            self._watch.abandon()

    def _begin_watch(self, every: float) -> Any:
        if every <= 0 or self._place.kind != "direct":
            return None
        try:
            from whirr import _system  # noqa: PLC0415  (direct runs only)

            return _system.start(self._place.folder, every, self._complain)
        except (OSError, RuntimeError, ValueError) as error:
            self._complain("system metrics", error)
            return None

    def _begin_delivery(self) -> Any:
        if self._place.kind != "direct":
            return None
        try:
            from whirr import _delivery  # noqa: PLC0415  (direct runs only)

            return _delivery.start(self._place.folder, self._place.run_id, self._place.data_dir)
        except Exception as error:
            self._complain("delivery", error)
            return None


def patience(complain: Complain) -> float:
    """Seconds that the end of a run waits for its delivery, as the environment says."""
    text = os.environ.get(_PATIENCE, "")
    try:
        seconds = float(text) if text else _DEFAULT_PATIENCE
    except ValueError:
        seconds = -1.0
    if 0 <= seconds < threading.TIMEOUT_MAX:
        return seconds
    complain(_PATIENCE, f"{text!r} is no number of seconds; waiting {_DEFAULT_PATIENCE:g}")
    return _DEFAULT_PATIENCE


def _begin_capture(place: Place, wanted: Wanted) -> Capture | None:
    if not wanted.git and not wanted.packages:
        return None
    from whirr import _capture  # noqa: PLC0415  (not everybody wants it)

    try:
        return _capture.Capture(place.folder, Path.cwd(), git=wanted.git, packages=wanted.packages)
    except (OSError, RuntimeError):  # the working folder is gone; no thread is to be had
        return None
