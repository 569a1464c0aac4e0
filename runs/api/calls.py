"""A hot call: an HTTP request answered in front of Django, without middleware. Its server is `whirr_site.hot`."""

import asyncio
import re
import zlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from runs.errors import Invalid, TooLarge
from whirr_site.access.principals import Principal

WHOLE = re.compile(r"-?[0-9]{1,18}\Z")  # what fits into a database's column

Reply = tuple[int, dict[str, Any]]  # status and JSON body


@dataclass(frozen=True, slots=True)
class Call:
    """What a handler gets. `in_pool(function, *args)` runs blocking work in the bounded pool of threads."""

    principal: Principal
    params: Mapping[str, str]
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes
    in_pool: Callable[..., Awaitable[Any]]
    gone: asyncio.Event = field(default_factory=asyncio.Event)  # set when the client hung up
    when_gone: list[Callable[[], None]] = field(default_factory=list)  # called then
    # Starts to look whether the client hangs up, which costs a task: for calls that wait.
    watch: Callable[[], None] = lambda: None


Handler = Callable[[Call], Awaitable[Reply]]


def unpacked(body: bytes, encoding: str, *, limit: int) -> bytes:
    """The body as it was before compression. Raises TooLarge beyond `limit` bytes, Invalid for anything but gzip."""
    if encoding in ("", "identity"):
        return body
    if encoding != "gzip":
        raise Invalid(f"Content-Encoding {encoding!r} is unknown; send gzip or nothing")
    unzip = zlib.decompressobj(wbits=31)
    try:
        data = unzip.decompress(body, limit + 1)
    except zlib.error as error:
        raise Invalid(f"the body is not gzip: {error}") from error
    if len(data) > limit:
        raise TooLarge(f"the body unpacks to more than {limit} bytes; send it in parts")
    if not unzip.eof:
        raise Invalid("the gzip body is cut off")
    return data


def whole(query: Mapping[str, str], name: str, default: int | None = None) -> int:
    """A whole number of the query. Raises Invalid where it is missing or something else."""
    raw = query.get(name, "")
    if raw == "" and default is not None:
        return default
    if not WHOLE.match(raw):
        raise Invalid(f"the query needs {name}=<whole number>, not {raw[:30]!r}")
    return int(raw)
