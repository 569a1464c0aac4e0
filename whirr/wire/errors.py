"""What the server's answers mean, in words. No other module knows a status code.

WireError
├── Unreachable      no usable answer (connection, time-out, torn answer, 429, 5xx): try again
│   └── ConnectionEnded   the peer closed or reset the connection
├── Interrupted      the caller's wake_fd became readable; the connection was dropped
└── Refused          the server understood and said no: asking again will not help
    ├── NotAllowed   401, 403: the token is missing or too weak
    ├── NotFound     404
    ├── FilterWrong  400 invalid_filter: characters of a filter that cannot be read or meant
    ├── LeaseLost    409 lease_lost: the attempt belongs to nobody or to somebody else
    └── OffsetGap    409 offset_gap: go on from `size`
"""

from __future__ import annotations

from whirr.wire import jsontext
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any


class WireError(Exception):
    """Something went wrong between this program and the server."""


class Unreachable(WireError):
    """The server could not be asked, or could not answer now. Waiting and repeating is right."""

    def __init__(self, detail: str, status: int | None = None) -> None:
        super().__init__(detail)
        self.detail = detail
        self.status = status


class ConnectionEnded(Unreachable):
    """The peer closed or reset the connection before its answer was complete."""


class Interrupted(WireError):
    """The call was given up because the caller has something better to do."""


class Refused(WireError):
    """The server said no. `code` is for programs, `detail` for people, `fields` says where."""

    def __init__(
        self, status: int, code: str, detail: str, fields: dict[str, Any] | None = None
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.fields = fields or {}


class NotAllowed(Refused):
    """The token is missing, wrong or too weak."""


class NotFound(Refused):
    """There is no such thing."""


class FilterWrong(Refused):
    """A filter cannot be read or meant: `length` characters from character `at` (from 0) on are what is wrong."""

    def __init__(self, status: int, code: str, detail: str, at: int, length: int) -> None:
        super().__init__(status, code, detail)
        self.at = at
        self.length = length


class LeaseLost(Refused):
    """The attempt was superseded or its job has ended: stop, and send nothing more."""


class OffsetGap(Refused):
    """Bytes before this offset are missing on the server, which holds `size` of them."""

    def __init__(self, status: int, code: str, detail: str, size: int) -> None:
        super().__init__(status, code, detail)
        self.size = size


_BY_STATUS: dict[int, type[Refused]] = {401: NotAllowed, 403: NotAllowed, 404: NotFound}


def error_for(status: int, body: bytes, location: str = "") -> WireError | None:
    """The exception that an answer amounts to; None when it is a success."""
    if 200 <= status < 300:
        return None
    problem = _problem(body)
    detail = str(problem.get("detail") or f"the server answered {status}")
    if status == 429 or status >= 500:
        return Unreachable(detail, status)
    if 300 <= status < 400:
        return Refused(status, "redirected", f"the server redirects to {location or 'nowhere'}")
    code = str(problem.get("code") or "")
    if status == 409:
        return _conflict(code, detail, problem)
    at, length = problem.get("at"), problem.get("length")
    if code == "invalid_filter" and isinstance(at, int) and isinstance(length, int):
        return FilterWrong(status, code, detail, at, length)
    fields = problem.get("fields")
    kind = _BY_STATUS.get(status, Refused)
    return kind(status, code, detail, fields if isinstance(fields, dict) else None)


def _conflict(code: str, detail: str, problem: dict[str, Any]) -> Refused:
    if code == "lease_lost":
        return LeaseLost(409, code, detail)
    size = problem.get("size")
    if code == "offset_gap" and isinstance(size, int) and size >= 0:
        return OffsetGap(409, code, detail, size)
    return Refused(409, code, detail)


def _problem(body: bytes) -> dict[str, Any]:
    try:
        problem = jsontext.loads(body)
    except ValueError:  # a proxy's HTML page, or nothing at all
        return {}
    return problem if isinstance(problem, dict) else {}
