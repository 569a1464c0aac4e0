"""All that one attempt still has to deliver, and in which order.

While it runs: streams, documents, and media. When it has ended: the rest of them, artifacts for a few
seconds, the outcome, and then the artifacts that are left.
"""

from __future__ import annotations

import time

from whirr.shipping.artifacts import Artifacts
from whirr.shipping.documents import Documents
from whirr.shipping.growth import Growth
from whirr.shipping.streams import StreamCursor
from whirr.shipping.unreadable import Unreadable, may_pass
from whirr.wire import LeaseLost, NotAllowed, Refused, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

    from whirr.shipping.beneath import Sent
    from whirr.shipping.target import Target
    from whirr.wire import Client
    from whirr.wire.files import AnyPath
    from worker_agent.log import Log
    from worker_agent.order import Key
    from worker_agent.records import Record

_FINAL = frozenset({"completed", "failed", "cancelled"})  # what a job ends as
_SYSTEM_EVERY = 30.0  # seconds
_ARTIFACTS_FIRST = 3.0  # seconds for small artifacts before the outcome is told


class Delivery:
    def __init__(
        self, record: Record, folder: AnyPath, target: Target, log: Log, *, resumed: bool
    ) -> None:
        self.record = record
        self.over = record.outcome is not None  # no process writes any more
        self.acknowledged = record.finished
        self.folder = folder
        self.whole = True  # nothing was left out
        self.stumbles = 0  # turns in a row that ended in an error which nobody foresaw
        self.not_before = 0.0  # when it may have its next turn
        self.growth = Growth(f"{folder}/{layout.OUTPUT}", record.marks, resumed=resumed)
        self._target = target
        self._log = log
        self._folder = folder
        self._resumed = resumed
        self._streams: dict[str, StreamCursor] = {}
        self._given_up: set[str] = set()
        self._documents = Documents(folder)
        self._artifacts = Artifacts(folder)
        self._artifacts_done = False
        self.waits_with_artifacts = False
        self._over_since: float | None = None
        self._system_at = 0.0
        self._troubled_since: float | None = None  # by a disk that may come back

    @property
    def key(self) -> Key:
        return self.record.key

    def take_interval(self) -> float | None:
        """What the server asked for since the last time, if it did."""
        wanted, self._target.next_interval = self._target.next_interval, None
        return wanted

    @property
    def complete(self) -> bool:
        return self.acknowledged and self._artifacts_done

    def sent(self) -> Iterator[Sent]:
        """The files that the server has, as they were when it got them."""
        for stream in self._streams.values():
            yield from stream.sent()
        yield from self._documents.sent()
        yield from self._artifacts.sent()

    def step(self, client: Client, worker_id: str) -> bool:
        """One turn for all that is small: the files that grow, and the outcome. Whether there is more of it."""
        over = self.over  # read before the files: what is written after this look is not the end
        self._send_streams(over=over)
        self._send_documents()
        if not self.waits_with_artifacts:  # else they may be what is troubled
            self._troubled_since = None
        if not over or self._pending():
            if not over:
                self.waits_with_artifacts = self._has_artifacts(media=True)
            return self._pending()
        self._artifacts_done = not self._has_artifacts()
        if not self.acknowledged and (self._artifacts_done or self._waited_for_artifacts()):
            self._finish(client, worker_id)
        self.waits_with_artifacts = not self._artifacts_done
        return False

    def send_artifact(self) -> None:
        """A part of one of them."""
        self.waits_with_artifacts = False  # until the next turn says so again
        try:
            self._artifacts.send_part(self._target, media=not self.over)
        except (LeaseLost, NotAllowed):
            raise
        except (Refused, Unreadable, OSError) as error:
            self._complain("an artifact", error)
            self._artifacts.refused()

    def _has_artifacts(self, *, media: bool = False) -> bool:
        try:
            return self._artifacts.pending(self._target, media=media)
        except (Unreadable, OSError) as error:
            self._complain("an artifact", error)
            self._artifacts.refused()
            return True  # there may be others

    def _pending(self) -> bool:
        return any(stream.pending() for stream in self._streams.values() if self._is_due(stream))

    def _is_due(self, stream: StreamCursor) -> bool:
        """What the agent measures itself is dozens of series: worth while in batches."""
        if stream.name != layout.SYSTEM or self.over:
            return True
        return time.monotonic() >= self._system_at

    def _waited_for_artifacts(self) -> bool:
        if self._over_since is None:
            self._over_since = time.monotonic()
        return time.monotonic() - self._over_since >= _ARTIFACTS_FIRST

    def _send_streams(self, *, over: bool) -> None:
        for name in layout.streams_in(self._folder):  # a writer may have come since
            if name not in self._streams and name not in self._given_up:
                growth = self.growth if name == layout.OUTPUT else None
                self._streams[name] = StreamCursor(
                    self._folder, name, resumed=self._resumed, growth=growth
                )
        for stream in [each for each in self._streams.values() if self._is_due(each)]:
            try:
                if stream.name == layout.SYSTEM and stream.pending():
                    self._system_at = time.monotonic() + _SYSTEM_EVERY
                stream.send(self._target, over=over)
            except (LeaseLost, NotAllowed):
                raise
            except (Refused, Unreadable, OSError) as error:
                # Asking again will not help, and the outcome must not wait for it.
                self._complain(stream.name, error)
                self._given_up.add(stream.name)
                del self._streams[stream.name]
            if note := stream.take_note():
                self._log.warning(f"job {self.record.job_id}: {stream.name}: {note}")

    def _send_documents(self) -> None:
        for name in self._documents.changed():
            try:
                self._documents.send(name, self._target)
            except (LeaseLost, NotAllowed):
                raise
            except (Refused, Unreadable, OSError) as error:
                self._complain(name, error)
                self._documents.refused()

    def _finish(self, client: Client, worker_id: str) -> None:
        outcome = self.record.outcome
        if outcome is None:
            return
        body: dict[str, Any] = {
            "worker_id": worker_id,
            "outcome": outcome.kind,
            "exit_code": outcome.exit_code,
            "signal": outcome.signal,
            "error_message": outcome.error_message,
        }
        if outcome.oom:
            body["oom"] = True
        if self.record.process is None:
            body["started"] = False
        path = f"/api/v1/jobs/{self.record.job_id}/attempts/{self.record.attempt}/finish"
        status = None
        try:
            self._target.route.owe(0)  # no artifact is worth waiting for before this
            answer = client.post(path, body, repeatable=True).json()
            status = answer.get("status") if isinstance(answer, dict) else None
        except (LeaseLost, NotAllowed):
            raise
        except Refused as error:
            self._complain("the outcome", error)
        self.acknowledged = True
        self.record.acknowledged(final=status in _FINAL)

    def _complain(self, what: str, error: Refused | Unreadable | OSError) -> None:
        """Say that it is left out; the error itself where that may pass."""
        now = time.monotonic()
        if isinstance(error, OSError) and self._troubled_since is None:
            self._troubled_since = now
        if may_pass(error, now - (self._troubled_since or now)):
            raise error
        self.whole = False
        if isinstance(error, Refused):
            why = f"the server refused {what} ({error.status}): {error.detail}"
        else:
            why = f"{what} cannot be delivered: {error}"
        self._log.error(f"job {self.record.job_id}: {why}")
