"""A run that is being recorded. Everything goes to local files; nothing waits for a network."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

from whirr import _meta
from whirr._complaints import Complaints
from whirr._encoding import Encoder
from whirr._files import Files
from whirr._media import Media
from whirr._surroundings import Surroundings
from whirr.wire import jsontext, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from types import TracebackType
    from typing import Any

    from whirr._place import Place
    from whirr._stream import LineFile
    from whirr._surroundings import Wanted

_STATUSES = ("completed", "failed")
_SAY_AGAIN = 3.0  # seconds between two writings of how much was dropped


class Run(Media):
    """Made by `whirr.init`. Its methods never raise for what is wrong outside, unless `strict`."""

    def __init__(
        self,
        place: Place,
        writer: str,
        *,
        name: str | None,
        project: str | None,
        config: Any,
        tags: Iterable[str],
        wanted: Wanted,
        strict: bool,
    ) -> None:
        self.id = place.run_id
        self.dir = place.folder
        self.finished = False
        self._complaints = Complaints(strict=strict)
        # Two, since a signal handler may end the run in the middle of anything, and another thread may log meanwhile.
        self._lock = threading.RLock()
        self._owner = os.getpid()
        self._kind = place.kind
        self._checkpoints = place.checkpoints
        self._told_dropped = float("-inf")
        self._meta: _meta.Meta | None = None
        if place.problem:
            self._complain("the run's folder", place.problem)
        self._encoder = Encoder(self._complain, self._complaints.say)
        self._encode = self._encoder.body
        self._files = Files(place.folder, writer)
        self._metrics = self._open_metrics()
        self._meta = _meta.Meta(place, self.writer, name=name, project=project, tags=tags)
        self.resumed = place.resumed or (place.kind == "direct" and self._goes_on(self._meta))
        self.config = self._merged_config(config)
        self._save_meta()
        main = self.writer == ""
        self._surroundings = (
            Surroundings(place, wanted, self._complain, main=main) if self._meta.ours else None
        )

    def __repr__(self) -> str:
        return f"<whirr run {self.id}>"

    @property
    def name(self) -> str:
        return str(self._meta.fields["name"]) if self._meta else ""

    @property
    def tags(self) -> list[str]:
        return list(self._meta.fields["tags"]) if self._meta else []

    @property
    def writer(self) -> str:
        """Which of the run's writers this process is: "" for the main one, "r1" for rank 1."""
        return self._files.writer

    @property
    def checkpoint_dir(self) -> Path:
        """A folder for what the training needs to go on; in a job all its attempts have the same one."""
        try:
            self._checkpoints.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self._complain("the checkpoints' folder", error)
        return self._checkpoints

    @property
    def dropped(self) -> int:
        """How many values, lines or files this process could not record."""
        return self._complaints.count

    def log(self, values: Mapping[str, Any], step: int | None = None) -> None:
        """Append one line of metrics. When this returns, the line survives a crash.

        Numbers of numpy and torch are taken as they are, nested dictionaries become `a/b`.
        """
        try:
            body = self._encode(values, step)
            if body:
                (self._metrics or self._reopened()).append(body)
        except Exception as error:
            self._complain("metrics", error)

    def summary(self, values: Mapping[str, Any]) -> None:
        """Merge values into the run's summary: what a table of runs shows. The main writer's alone is kept."""
        try:
            with self._lock:
                if self._meta is None or not self._meta.ours:
                    self._complaints.say("the summary", "that of the main writer (rank 0) is kept")
                    return
                self._meta.add_to_summary(values)
                self._save_meta()
        except Exception as error:  # what somebody's value does in there is not for us to know
            self._complain("the summary", error)

    def add_config(self, values: Any) -> None:
        """Merge more into the run's config: a mapping, an argparse.Namespace or a dataclass."""
        with self._lock:
            self.config = self._merged_config(values)

    def save_artifact(self, path: str | os.PathLike[str], name: str | None = None) -> Path | None:
        """Keep a copy of a file or folder; where it is, or None when it could not be kept."""
        from whirr import _artifacts  # noqa: PLC0415  (most runs keep none)

        try:
            source = Path(path)
            return _artifacts.save(source, self.dir / layout.ARTIFACTS, name or source.name)
        except (OSError, ValueError, TypeError) as error:
            self._complain(f"the artifact {str(name or path)[-100:]!r}", error)
            return None

    def finish(self, status: str = "completed") -> None:
        """End the run. What is logged afterwards is dropped with a warning."""
        if status not in _STATUSES:
            raise ValueError(f"status {status!r}: use {' or '.join(_STATUSES)}")
        with self._lock:
            if self.finished:
                return
            self.finished = True
        surroundings, self._surroundings = self._surroundings, None
        try:
            if surroundings is not None:
                surroundings.stop()
        finally:
            self._end(status)
        if surroundings is not None:
            surroundings.deliver(self._complaints.say)

    def finish_at_exit(self, *, failed: bool) -> None:
        """For the end of the program; a forked child does not end its parent's run."""
        if os.getpid() == self._owner:
            self.finish("failed" if failed else "completed")

    def after_fork(self) -> None:
        """In the child: its lines are its own, and the parent's run is the parent's to describe and to end."""
        self._lock = (
            threading.RLock()
        )  # another thread of the parent may have held it at that moment
        self._complaints.after_fork()
        self._files.after_fork()
        self._metrics = None
        if self._meta is not None:
            self._meta.give_up()
        if self._surroundings is not None:
            self._surroundings.after_fork()
            self._surroundings = None

    def written(self) -> tuple[int, int]:
        """How many lines of metrics and events there are: it grows while the training goes on."""
        return self._files.written

    def __enter__(self) -> Run:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.finish("completed" if kind is None or _is_clean_exit(error) else "failed")

    def _end(self, status: str) -> None:
        with self._lock:
            ours = self._meta is not None and self._meta.ours
            if self.dropped and not ours:
                self._tell_dropped_as_alert()
            self._metrics = None
            if ours and self._kind == "direct":
                self._files.wait_for_ranks()
            self._files.close()
            if self._meta is not None:
                self._meta.dropped(self.dropped)
                self._meta.end(status)
                self._save_meta()

    def _reopened(self) -> LineFile:
        """For a forked child, and after an init on a full disk. Raises OSError, or ValueError after the end."""
        if self.finished:
            raise ValueError("the run has finished")
        with self._lock:
            self._metrics = self._files.metrics()
            return self._metrics

    def _append_event(self, body: str) -> None:
        if self.finished:
            raise ValueError("the run has finished")
        with self._lock:
            events = self._files.events()
        events.append(body)

    def _step_of(self, step: Any) -> int | None:
        return self._encoder.step(step)

    def _complain(self, subject: str, error: Exception | str) -> None:
        try:
            self._complaints.note(subject, error)
        finally:
            self._tell_dropped()

    def _tell_dropped(self) -> None:
        """By the way, and not often: the run page shows how much is missing while the training runs."""
        now = time.monotonic()
        if self._meta is None or self.finished or now - self._told_dropped < _SAY_AGAIN:
            return
        if self._lock.acquire(blocking=False):
            try:
                self._told_dropped = now
                self._meta.dropped(self.dropped)
                self._meta.save()
            except OSError:  # the disk that just refused a line
                return
            finally:
                self._lock.release()

    def _tell_dropped_as_alert(self) -> None:
        """meta.json is the main writer's: what another one dropped is told in its events."""
        title = f"writer {self.writer or 'main'} could not record everything"
        text = f"values, lines or files that are missing: {self.dropped}; its log says why"
        record = {"type": "alert", "key": title, "title": title, "text": text, "level": "warning"}
        try:
            self._files.events().append("," + jsontext.dumps(record)[1:-1].decode())
        except OSError as error:
            self._complain("events", error)

    def _open_metrics(self) -> LineFile | None:
        try:
            return self._files.metrics()
        except OSError as error:
            self._complain("metrics", error)
            return None

    def _goes_on(self, meta: _meta.Meta) -> bool:
        return self._files.found_lines or (self.writer == "" and meta.went_before)

    def _merged_config(self, config: Any) -> dict[str, Any]:
        whole: dict[str, Any] = {}
        try:
            whole = _meta.merged_config(self.dir, config)
            if self._meta is not None and self._meta.ours:
                _meta.save_config(self.dir, whole)
        except Exception as error:  # what somebody's object does in there is not for us to know
            self._complain("config.json", error)
        return whole

    def _save_meta(self) -> None:
        try:
            if self._meta is not None:
                self._meta.save()
        except OSError as error:
            self._complain("meta.json", error)


def _is_clean_exit(error: BaseException | None) -> bool:
    return isinstance(error, SystemExit) and error.code in (None, 0)
