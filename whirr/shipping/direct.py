"""All that one direct run has to deliver, and in which order.

While it runs: what grew, and documents that changed. Once its meta.json says how it ended: the rest of the streams, the
documents, small artifacts for a few seconds, meta.json (with which the run ends on the server), the other artifacts.
"""

from __future__ import annotations

import os
import time

from whirr.shipping import mark, trainer
from whirr.shipping.artifacts import Artifacts
from whirr.shipping.documents import Documents
from whirr.shipping.opening import ATTEMPT, Opened, open_run
from whirr.shipping.streams import StreamCursor
from whirr.shipping.target import Route, Target
from whirr.shipping.unreadable import Shortened, Unreadable, may_pass
from whirr.wire import Client, NotAllowed, NotFound, Refused, Unreachable, layout
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Any

    from whirr.shipping.beneath import Sent
    from whirr.shipping.server import Server
    from whirr.wire.files import AnyPath

_ARTIFACTS_FIRST = 3.0  # seconds for small artifacts before the end is told
_TIMEOUT = 10.0
_ASK_AGAIN = 30.0  # seconds: a file server shows new files late
_ALL = "the run"
_UNSURE = (
    "the server may read this very folder, and nothing shows whether it does: if it does, it finds the run by itself; "
    "if not, this folder is a copy, or its store-id cannot be read: remove the file `store-id` beside runs/"
)
_NOT_WANTED = frozenset({"run_taken", "in_trash"})  # of the run as a whole, whichever file


class DirectRun:
    """One folder on its way to one server. Every method that asks the server raises WireError."""

    def __init__(
        self, folder: AnyPath, data_dir: AnyPath, server: Server, say: Callable[[str], object]
    ) -> None:
        self.folder = os.fspath(folder)
        self.run_id = self.folder.rpartition("/")[2]
        self.server = server
        self.left_out: dict[str, str] = {}  # files that cannot be delivered, and why
        self.sent_bytes = 0
        self.taken = 0  # requests that were answered well
        self.progress = 0  # bytes that it took of what only grows: a document may be sent for ever
        self._data_dir = data_dir
        self._say = say
        self._opened: Opened | None = None
        self._client: Client | None = None
        self._target: Target | None = None
        self._ask_at = 0.0  # when to ask again whether the server sees this folder
        self._doubtful = False  # some request may still be on its way, and arrive late
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._streams: dict[str, StreamCursor] = {}
        self._documents = Documents(self.folder)
        self._artifacts = Artifacts(self.folder, hashed=True)
        self._over_since: float | None = None
        self._troubled_since: float | None = None

    @property
    def opened(self) -> Opened | None:
        """What the server said of the run, once it did."""
        return self._opened

    @property
    def interval(self) -> float | None:
        """Seconds after which the server wants to hear more, as it said last."""
        return self._target.next_interval if self._target else None

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def open(self) -> Opened:
        """Tell the server of the run, unless that is done."""
        if self._opened is None or self._target is None:
            with Client(self.server.url, self.server.token, timeout=_TIMEOUT) as client:
                self._opened = open_run(client, self.folder, self.run_id, self._data_dir)
            self._ask_at = time.monotonic() + _ASK_AGAIN
            self._client = Client(self.server.url, self._opened.token, timeout=_TIMEOUT)
            route = Route(self._client, None, time.sleep)
            route.shared = self._opened.shared
            self._target = _Counted(route, self.run_id, self)
        return self._opened

    def turn(self) -> bool:
        """Deliver what there is, for a moment. Whether there is more to deliver at once."""
        if self._opened is not None and self._opened.unsure and time.monotonic() > self._ask_at:
            self._forget()
        if self.open().unsure:  # whatever is sent there may come to lie here, and be sent again
            self._leave_out(_ALL, _UNSURE)
            return False
        self.left_out.pop(_ALL, None)
        try:
            return self._turn()
        except (NotAllowed, NotFound):  # its token is not good any more, or another server came
            self._forget()
            raise
        except Unreachable:
            self._doubtful = True
            if self._to.shared:  # whoever answers next has to show that it sees this folder
                self._forget()
            raise

    def is_whole(self) -> bool:
        """Whether the server has all that lies here now, the end of the run included."""
        meta = trainer.meta_of(self.folder)
        if meta is None or not trainer.is_over(meta) or self.left_out:
            return False
        return self._holds()

    def mark(self) -> None:
        """Note that it is whole."""
        opened = self.open()
        mark.write(
            self.folder,
            store_id=opened.store_id,
            url=self.server.url,
            shared=opened.shared,
            sent=self._sent(),
        )

    def _turn(self) -> bool:
        meta = trainer.meta_of(
            self.folder
        )  # before the files: what is written later is not the end
        over = meta is not None and trainer.is_over(meta)
        self._send_streams(over=over)
        self._send_documents([name for name in self._documents.changed() if name != layout.META])
        if any(stream.pending() for stream in self._streams.values()):
            return True
        if not over:
            self._over_since = None
            if meta is not None and not self._is_final_now():
                self._send_documents([layout.META])
            return self._send_artifact(media=True)
        return self._send_the_end()

    def _is_final_now(self) -> bool:
        """It ended just now, and its last lines are not sent yet: meta.json has to wait for them."""
        meta = trainer.meta_of(self.folder)
        return meta is not None and trainer.is_over(meta)

    def _send_the_end(self) -> bool:
        if self._over_since is None:
            self._over_since = time.monotonic()
        early = time.monotonic() - self._over_since < _ARTIFACTS_FIRST
        if early and self._send_artifact(small=True):
            return True
        if self._doubtful:  # what was sent before may arrive late, and be older than what is there
            self._doubtful = False
            self._documents = Documents(self.folder)
            self._send_documents(self._documents.changed())
        self._send_documents([layout.META])
        return self._send_artifact()

    def _send_streams(self, *, over: bool) -> None:
        for name in layout.streams_in(self.folder):
            if name not in self._streams and name not in self.left_out:
                self._streams[name] = StreamCursor(self.folder, name, resumed=True)
        for name, stream in list(self._streams.items()):
            if not self._tried(name, lambda each=stream: each.send(self._to, over=over)):
                del self._streams[name]
            if note := stream.take_note():
                self._say(f"{name}: {note}")

    def _send_documents(self, names: list[str]) -> None:
        changed = self._documents.changed()
        for name in names:
            if name not in changed:
                continue
            if self._tried(name, self._documents.send, name, self._to):
                self.left_out.pop(name, None)
            else:
                self._documents.refused()

    def _send_artifact(self, *, media: bool = False, small: bool = False) -> bool:
        """A part of one, of media alone while the run goes on. Whether there was one.

        Where it has to be `small`, a large one is left for later: to hash it would take its time.
        """
        found: list[bool] = []
        if self._tried("", lambda: found.append(self._artifact_part(media=media, small=small))):
            return found[0]
        self._artifacts.refused()
        return True

    def _artifact_part(self, *, media: bool, small: bool) -> bool:
        if small and self._artifacts.pending(self._to) and not self._artifacts.is_small:
            return False
        return self._artifacts.send_part(self._to, media=media)

    @property
    def _to(self) -> Target:
        if self._target is None:
            raise Unreachable("the server has not been told of the run")
        return self._target

    def _tried(self, what: str, send: Callable[..., object], *given: object) -> bool:
        """Whether it went well; what goes wrong with one file alone is noted, and the others go on.

        The file is `what`, or else the current artifact.
        """
        try:
            send(*given)
        except (NotAllowed, NotFound):
            raise
        except Refused as error:
            if error.code in _NOT_WANTED:
                raise
            self._leave_out(what, f"the server refuses it ({error.status}): {error.detail}")
            return False
        except (Unreadable, OSError) as error:
            now = time.monotonic()
            if isinstance(error, OSError) and self._troubled_since is None:
                self._troubled_since = now
            if may_pass(error, now - (self._troubled_since or now)):
                raise Unreachable(f"{what or 'an artifact'} cannot be read now: {error}") from error
            told = str(error) if isinstance(error, Shortened) else f"it cannot be read: {error}"
            self._leave_out(what, told)
            return False
        return True

    def _leave_out(self, what: str, why: str) -> None:
        what = what or self._artifacts.current
        if self.left_out.get(what) != why:
            self._say(f"{what} is not delivered: {why}")
        self.left_out[what] = why

    def _forget(self) -> None:
        self.close()
        self._opened = self._client = self._target = None
        self._begin_anew()

    def _sent(self) -> Iterator[Sent]:
        for stream in self._streams.values():
            yield from stream.sent()
        yield from self._documents.sent()
        yield from self._artifacts.sent()

    def _holds(self) -> bool:
        told: dict[str, Any] = {name: [size, changed] for name, size, changed in self._sent()}
        shared = self._opened is not None and self._opened.shared
        return mark.holds(self.folder, {"run": self.run_id, "files": told, "shared": shared})


class _Counted(Target):
    """Knows how much was sent."""

    def __init__(self, route: Route, run_id: str, run: DirectRun) -> None:
        super().__init__(route, run_id, ATTEMPT)
        self._run = run

    def put(
        self, path: str, body: bytes = b"", *, text: bool = False, **query: int | str
    ) -> dict[str, Any]:
        answer = super().put(path, body, text=text, **query)
        self._run.sent_bytes += len(body)
        self._run.taken += 1
        if not path.startswith("documents/"):
            self._run.progress += len(body)
        return answer
