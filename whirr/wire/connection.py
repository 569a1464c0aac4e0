"""One TCP (or TLS) connection whose every wait has a deadline and can be interrupted."""

from __future__ import annotations

import errno
import os

from whirr.wire.errors import ConnectionEnded, Unreachable
from whirr.wire.lean import TYPE_CHECKING, socket, suppress
from whirr.wire.waiting import Patience, readable

if TYPE_CHECKING:
    from whirr.wire.address import Address

_PIECE = 64 * 1024
_KEEPALIVE = (("TCP_KEEPIDLE", 10), ("TCP_KEEPINTVL", 5), ("TCP_KEEPCNT", 3))
_UNANSWERED_MS = 15_000  # a peer that acknowledges nothing for this long is gone


class Connection:
    def __init__(self, address: Address, patience: Patience) -> None:
        self.answered = False  # whether a byte arrived since the last request went out
        self._would_block: tuple[type[BaseException], ...] = (BlockingIOError, InterruptedError)
        self._socket = _connected(address, patience)
        if address.secure:
            self._start_tls(address, patience)

    def _start_tls(self, address: Address, patience: Patience) -> None:
        from whirr.wire import tls  # noqa: PLC0415  (ssl is large; plain http must not pay for it)

        try:
            self._socket = tls.wrap(self._socket, address.host, patience.left())
        except OSError as error:
            self._socket.close()
            raise Unreachable(f"no TLS with {address.host}:{address.port}: {error}") from error
        self._would_block += tls.WOULD_BLOCK

    def is_stale(self) -> bool:
        """Whether the server closed it while it was idle: a peer says nothing unasked."""
        return readable(self._socket)

    def send(self, data: bytes, patience: Patience) -> None:
        self.answered = False
        rest = memoryview(data)
        while rest:
            try:
                rest = rest[self._socket.send(rest) :]
            except self._would_block:
                patience.for_writing(self._socket)
            except OSError as error:
                raise ConnectionEnded(f"the connection broke: {error}") from error

    def receive(self, patience: Patience) -> bytes:
        """Some bytes; none when the peer has finished."""
        while True:
            try:
                piece = self._socket.recv(_PIECE)
                self.answered = self.answered or bool(piece)
                return piece
            except self._would_block:
                patience.for_reading(self._socket)
            except OSError as error:
                raise ConnectionEnded(f"the connection broke: {error}") from error

    def __del__(self) -> None:
        """A client that is simply dropped leaves no open socket, and causes no ResourceWarning."""
        if hasattr(self, "_socket"):  # it may have failed to connect
            self.close()

    def close(self) -> None:
        with suppress(OSError):
            self._socket.close()


def _connected(address: Address, patience: Patience) -> socket.socket:
    where = f"{address.host}:{address.port}"
    try:
        choices = socket.getaddrinfo(_encoded(address.host), address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unreachable(f"cannot find {address.host}: {error}") from error
    problem = "no address"
    for place, (family, kind, protocol, _, target) in enumerate(choices):
        sock = socket.socket(family, kind, protocol)
        # A silent first address (a broken IPv6 route) must leave time for the next one.
        share = patience.left() / (len(choices) - place)
        try:
            _connect(sock, target, Patience(share, patience.wake_fd))
            _tune(sock)
        except (OSError, Unreachable) as error:
            sock.close()
            problem = str(error)
        except BaseException:
            sock.close()
            raise
        else:
            return sock
    raise Unreachable(f"cannot reach {where}: {problem}")


def _encoded(host: str) -> bytes:
    """What the resolver is asked. A `str` would load the tables of international names, a megabyte or two."""
    return host.encode("ascii" if host.isascii() else "idna")


def _connect(sock: socket.socket, target: object, patience: Patience) -> None:
    sock.settimeout(0)
    result = sock.connect_ex(target)  # type: ignore[arg-type]
    if result == errno.EINPROGRESS:
        patience.for_writing(sock)
        result = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
    if result != 0:
        raise OSError(result, os.strerror(result))


def _tune(sock: socket.socket) -> None:
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    # A held call is silent for many seconds: let the kernel notice a peer that vanished meanwhile.
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    for name, value in (*_KEEPALIVE, ("TCP_USER_TIMEOUT", _UNANSWERED_MS)):
        option = getattr(socket, name, None)
        if option is not None:
            sock.setsockopt(socket.IPPROTO_TCP, option, value)
