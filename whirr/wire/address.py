"""Addresses: where a server listens, and how a path is spelled in a request."""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

_PLAIN = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_IN_A_PATH = _PLAIN | frozenset(b"/:@!$&'()*+,;=")


class Address:
    """Where the server listens, and under which path its pages begin."""

    __slots__ = ("host", "port", "prefix", "secure")

    def __init__(self, host: str, port: int, secure: bool, prefix: str) -> None:  # noqa: FBT001
        self.host = host
        self.port = port
        self.secure = secure
        self.prefix = prefix

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == (443 if self.secure else 80) else f"{host}:{self.port}"


def parse_address(base_url: str) -> Address:
    """The address in http://host[:port][/prefix]; ValueError says what is wrong with it."""
    scheme, separator, rest = base_url.strip().partition("://")
    scheme = scheme.lower()
    where, slash, path = rest.partition("/")
    if not separator or scheme not in {"http", "https"} or not where:
        raise _no_address(base_url)
    if any(sign in rest for sign in "?#") or "@" in where:
        raise ValueError("a server address holds no user, password, query or fragment")
    if any(letter <= " " or letter == "\\" for letter in rest):
        raise _no_address(base_url)
    host, port = _host_and_port(where, base_url)
    secure = scheme == "https"
    if port is None:
        port = 443 if secure else 80
    return Address(host.lower(), port, secure, (slash + path).rstrip("/"))


def _host_and_port(where: str, base_url: str) -> tuple[str, int | None]:
    if where.startswith("["):  # an IPv6 address, whose colons are no port's
        host, bracket, tail = where[1:].partition("]")
        if not bracket or ":" not in host or (tail and not tail.startswith(":")):
            raise _no_address(base_url)
        digits = tail[1:]
    else:
        host, _, digits = where.partition(":")
    if not host or any(sign in host for sign in "[]"):
        raise _no_address(base_url)
    if not digits:
        return host, None
    if not (digits.isascii() and digits.isdigit()) or int(digits) > 65535:
        raise ValueError(f"{base_url!r}: the port is no number from 0 to 65535")
    return host, int(digits)


def _no_address(base_url: str) -> ValueError:
    return ValueError(f"{base_url!r} is no server address: use http://HOST:PORT")


def quote_path(path: str) -> str:
    return _quote(path, _IN_A_PATH)


def render_query(query: Mapping[str, str | int | float | None]) -> str:
    """`?name=value&...`, without what is None; empty when nothing is left."""
    pairs = [
        f"{_quote(name, _PLAIN)}={_quote(str(value), _PLAIN)}"
        for name, value in query.items()
        if value is not None
    ]
    return "?" + "&".join(pairs) if pairs else ""


def _quote(text: str, safe: frozenset[int]) -> str:
    return "".join(chr(byte) if byte in safe else f"%{byte:02X}" for byte in text.encode())
