"""The HTTP client of agents, jobs and the command line: small, kept alive, interruptible.

    client = Client("http://127.0.0.1:8080", token)
    job = client.post("/api/v1/jobs", {"command_argv": ["true"], "workdir": "/"}).json()
    log = client.get(f"/api/v1/runs/{run}/log", {"offset": 0})  # .body, .headers["x-whirr-size"]
    with client.stream(f"/api/v1/runs/{run}/artifacts/model.pt") as download:
        for piece in download: ...

Every failure is a `WireError` (see `errors.py`). One client serves one thread and holds one
connection.
"""

from __future__ import annotations

from whirr import __version__
from whirr.wire import jsontext
from whirr.wire.address import parse_address, quote_path, render_query
from whirr.wire.answers import Answer, Stream
from whirr.wire.connection import Connection
from whirr.wire.errors import ConnectionEnded, WireError, error_for
from whirr.wire.http1 import Incoming, render
from whirr.wire.lean import TYPE_CHECKING
from whirr.wire.waiting import Patience

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any, Callable, Union

    Query = Mapping[str, Union[str, int, float, None]]

_GZIP = 31  # zlib's window bits for a gzip envelope, without importing gzip
_SMALL = 512  # below this, compressing costs more than it saves
_SAMPLE = 16 * 1024  # what does not shrink in its first bytes is left as it is
_WORTH_WHILE = 0.9
_REPEATABLE = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_BODILESS = frozenset({"GET", "HEAD", "DELETE"})


class Client:
    """Talks to one server. `timeout` is for a whole call and can be given for each call."""

    def __init__(self, base_url: str, token: str | None = None, timeout: float = 10.0) -> None:
        self.address = parse_address(base_url)
        self.base_url = base_url.rstrip("/")
        self.timeout = timeout
        self._token = token
        self._connection: Connection | None = None

    def __repr__(self) -> str:  # never the token
        return f"Client({self.base_url!r})"

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def get(self, path: str, query: Query | None = None, **options: Any) -> Answer:
        return self.request("GET", path, query=query, **options)

    def post(self, path: str, json: Any = None, **options: Any) -> Answer:
        return self.request("POST", path, json=json, **options)

    def delete(self, path: str, query: Query | None = None, **options: Any) -> Answer:
        return self.request("DELETE", path, query=query, **options)

    def put(
        self,
        path: str,
        body: bytes = b"",
        query: Query | None = None,
        *,
        gzip: bool = False,
        **options: Any,
    ) -> Answer:
        """PUT raw bytes; `gzip` says that they were `packed`."""
        headers = {"Content-Type": "application/octet-stream"}
        if gzip:
            headers["Content-Encoding"] = "gzip"
        return self.request("PUT", path, query=query, body=body, headers=headers, **options)

    def request(
        self,
        method: str,
        path: str,
        *,
        query: Query | None = None,
        json: Any = None,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = None,
        wake_fd: int | None = None,
        repeatable: bool | None = None,
    ) -> Answer:
        """One call. `wake_fd`, once readable, ends it with `Interrupted`, dropping the connection.

        `repeatable` says that sending it twice is harmless, so that a kept connection which the
        server closes at that very moment is replaced silently. Assumed for all but POST and PATCH.
        """
        patience = Patience(self.timeout if timeout is None else timeout, wake_fd)
        data = self._render(method, path, query, json, body, headers)
        again = method in _REPEATABLE if repeatable is None else repeatable
        try:
            incoming = self._exchange(method, data, lambda: patience, again=again)
            received = b"".join(incoming.body())
        except BaseException:  # the rest of that answer must not be read as the next one
            self.close()
            raise
        if not incoming.keeps_alive:
            self.close()
        problem = error_for(incoming.status, received, incoming.headers.get("location", ""))
        if problem is not None:
            raise problem
        return Answer(incoming.status, incoming.headers, received)

    def stream(self, path: str, query: Query | None = None, timeout: float | None = None) -> Stream:
        """GET a body of any size; `timeout` is for each piece. Read it before the next call."""
        seconds = self.timeout if timeout is None else timeout
        data = self._render("GET", path, query, None, None, None)
        try:
            incoming = self._exchange("GET", data, lambda: Patience(seconds), again=True)
            if 200 <= incoming.status < 300:
                return Stream(incoming, self.close)
            received = b"".join(incoming.body())
        except BaseException:
            self.close()
            raise
        self.close()
        location = incoming.headers.get("location", "")
        raise error_for(incoming.status, received, location) or WireError("no answer")

    def close(self) -> None:
        """Drop the connection. The next call makes a new one."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _render(
        self,
        method: str,
        path: str,
        query: Query | None,
        payload: Any,
        body: bytes | None,
        headers: Mapping[str, str] | None,
    ) -> bytes:
        target = self.address.prefix + quote_path(path) + render_query(query or {})
        lines = {
            "Host": self.address.host_header,
            "User-Agent": f"whirr/{__version__}",
            "Accept": "application/json",
        }
        if self._token:
            lines["Authorization"] = f"Bearer {self._token}"
        if body is None and payload is not None:
            body = jsontext.dumps(payload)
            lines["Content-Type"] = "application/json"
        if body or method not in _BODILESS:
            lines["Content-Length"] = str(len(body or b""))
        lines.update(headers or {})
        return render(method, target, lines, body or b"")

    def _exchange(
        self, method: str, data: bytes, patience: Callable[[], Patience], *, again: bool
    ) -> Incoming:
        """Send, and read the head of the answer: on the kept connection if it still lives."""
        kept = self._connection
        if kept is not None and not kept.is_stale():
            try:
                return _talk(kept, method, data, patience)
            except ConnectionEnded:
                # Without a byte of answer, the server most likely closed it as idle just now.
                if kept.answered or not again:
                    raise
        self.close()
        self._connection = Connection(self.address, patience())
        return _talk(self._connection, method, data, patience)


def packed(body: bytes) -> bytes | None:
    """The body as gzip; None where that would not be worth while."""
    if len(body) < _SMALL:
        return None
    import zlib  # noqa: PLC0415  (a server on the same machine is sent nothing that is packed)

    sample = body[:_SAMPLE]
    if len(zlib.compress(sample, 1)) > _WORTH_WHILE * len(sample):
        return None
    packer = zlib.compressobj(1, zlib.DEFLATED, _GZIP)
    small = packer.compress(body) + packer.flush()
    return small if len(small) < len(body) else None


def _talk(
    connection: Connection, method: str, data: bytes, patience: Callable[[], Patience]
) -> Incoming:
    try:
        connection.send(data, patience())
    except ConnectionEnded:
        # A server may refuse a large body before it has read all of it: its answer says why.
        incoming = Incoming(lambda: connection.receive(patience()), method)
        incoming.headers["connection"] = "close"
        return incoming
    return Incoming(lambda: connection.receive(patience()), method)
