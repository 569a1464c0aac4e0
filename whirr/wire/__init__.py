"""The wire: one small HTTP/1.1 client over sockets, and the layout of a run's folder.

Used by the agent, the library and the command line. Standard library only; `ssl` is imported only
for https. The names below are the whole public face; see `client.py` for examples. They are loaded
on first use, since the library needs only `layout` and `files`, and no socket.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers take it for true; `typing` is larger than all of this package
if TYPE_CHECKING:
    from whirr.wire.address import parse_address
    from whirr.wire.answers import Answer, Stream
    from whirr.wire.client import Client
    from whirr.wire.errors import (
        ConnectionEnded,
        FilterWrong,
        Interrupted,
        LeaseLost,
        NotAllowed,
        NotFound,
        OffsetGap,
        Refused,
        Unreachable,
        WireError,
    )

__all__ = [
    "Answer",
    "Client",
    "ConnectionEnded",
    "FilterWrong",
    "Interrupted",
    "LeaseLost",
    "NotAllowed",
    "NotFound",
    "OffsetGap",
    "Refused",
    "Stream",
    "Unreachable",
    "WireError",
    "parse_address",
]

_HOMES = {
    "Answer": "answers",
    "Stream": "answers",
    "Client": "client",
    "parse_address": "address",
}


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module 'whirr.wire' has no attribute {name!r}")
    home = f"whirr.wire.{_HOMES.get(name, 'errors')}"
    value: object = getattr(__import__(home, fromlist=[name]), name)
    globals()[name] = value
    return value
