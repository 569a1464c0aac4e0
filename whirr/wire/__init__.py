"""The wire: one small HTTP/1.1 client over sockets, and the layout of a run's folder.

Used by the agent, the library and the command line. Standard library only; `ssl` is imported only
for https. The names below are the whole public face; see `client.py` for examples.
"""

from whirr.wire.answers import Answer, Stream
from whirr.wire.client import Client, parse_address
from whirr.wire.errors import (
    ConnectionEnded,
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
