"""A run that is being recorded. Everything goes to local files; nothing waits for a network."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any

from whirr import _artifacts, _capture, _meta, _values
from whirr._complaints import Complaints
from whirr._place import Place
from whirr._stream import MetricsFile
from whirr.wire import layout

_STATUSES = ("completed", "failed")
_CAPTURE_PATIENCE = 5.0


class Run:
    """Made by `whirr.init`. Its methods never raise for what is wrong outside, unless `strict`."""

    def __init__(
        self,
        place: Place,
        *,
        name: str | None,
        config: Mapping[str, Any] | None,
        tags: Iterable[str],
        capture_git: bool,
        capture_pip: bool,
        strict: bool,
    ) -> None:
        self.id = place.run_id
        self.dir = place.folder
        self.resumed = place.resumed
        self.finished = False
        self._complaints = Complaints(strict=strict)
        self._lock = threading.RLock()  # a signal handler may log in the middle of a log
        self._owner = os.getpid()
        self._checkpoints = place.checkpoints
        if place.problem:
            self._complaints.note("the run's folder", place.problem)
        self._meta = _meta.Meta(place, name, tags)
        self._metrics = self._open_metrics()
        self.config = self._save_config(config or {})
        self._save_meta()
        self._capture = _capture.start(
            place.folder, Path.cwd(), git=capture_git, packages=capture_pip
        )

    def __repr__(self) -> str:
        return f"<whirr run {self.id}>"

    @property
    def name(self) -> str:
        return str(self._meta.fields["name"])

    @property
    def tags(self) -> list[str]:
        return list(self._meta.fields["tags"])

    @property
    def checkpoint_dir(self) -> Path:
        """A folder for what the training needs to go on; in a job all its attempts have the same one."""
        try:
            self._checkpoints.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._complaints.note("the checkpoints' folder", error)
        return self._checkpoints

    @property
    def dropped(self) -> int:
        """How many values or lines could not be recorded."""
        return self._complaints.count

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Append one line of metrics. When this returns, the line survives a crash.

        Numbers of numpy and torch are taken as they are, nested dictionaries become `a/b`.
        """
        numbers: dict[str, int | float] = {}
        for key, value in _values.flatten(values):
            if key in _values.RESERVED:
                self._complaints.note(f"the metric {key!r}", "this name is whirr's own")
                continue
            try:
                numbers[key] = _values.number(value)
            except _values.NotANumber as error:
                self._complaints.note(f"the metric {key!r}", error)
        at = self._step(numbers.pop("step", None) if step is None else step)
        numbers.pop("step", None)
        if numbers:
            self._append(numbers, at)

    def summary(self, values: Mapping[str, Any]) -> None:
        """Merge values into the run's summary: what a table of runs shows."""
        with self._lock:
            self._meta.add_to_summary(values)
            self._save_meta()

    def save_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> Path | None:
        """Keep a copy of a file or folder; where it is, or None when it could not be kept."""
        source = Path(path)
        try:
            return _artifacts.save(source, self.dir / layout.ARTIFACTS, name or source.name)
        except (OSError, ValueError) as error:
            self._complaints.note(f"the artifact {name or source.name!r}", error)
            return None

    def finish(self, status: str = "completed") -> None:
        """End the run. What is logged afterwards is dropped with a warning."""
        if status not in _STATUSES:
            raise ValueError(f"status {status!r}: use {' or '.join(_STATUSES)}")
        with self._lock:
            if self.finished:
                return
            self._capture.join(_CAPTURE_PATIENCE)
            self.finished = True
            self._meta.end(status)
            self._save_meta()
            if self._metrics is not None:
                self._metrics.close()
                self._metrics = None

    def finish_at_exit(self, *, failed: bool) -> None:
        """For the end of the program; a forked child does not end its parent's run."""
        if os.getpid() == self._owner:
            self.finish("failed" if failed else "completed")

    def after_fork(self) -> None:
        """In the child: another thread of the parent may have held the lock at that moment."""
        self._lock = threading.RLock()

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish("completed" if kind is None or _is_clean_exit(error) else "failed")

    def _append(self, numbers: Mapping[str, int | float], step: int | None) -> None:
        with self._lock:
            if self._metrics is None:
                why = (
                    "the run has finished" if self.finished else "metrics.jsonl could not be opened"
                )
                self._complaints.note("metrics", why)
                return
            try:
                self._metrics.append(numbers, step)
            except OSError as error:
                self._complaints.note("metrics", error)

    def _step(self, value: Any) -> int | None:
        if value is None:
            return None
        try:
            return int(_values.number(value))
        except (ValueError, OverflowError, TypeError) as error:
            self._complaints.note("the step", error)
            return None

    def _open_metrics(self) -> MetricsFile | None:
        try:
            return MetricsFile(self.dir / layout.METRICS)
        except OSError as error:
            self._complaints.note("metrics", error)
            return None

    def _save_config(self, config: Mapping[str, Any]) -> dict[str, Any]:
        try:
            return _meta.save_config(self.dir, config)
        except OSError as error:
            self._complaints.note("config.json", error)
            return dict(config)

    def _save_meta(self) -> None:
        try:
            self._meta.save()
        except OSError as error:
            self._complaints.note("meta.json", error)


def _is_clean_exit(error: BaseException | None) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)
