"""What a successful call gives back: the whole answer, or one that is read piece by piece."""

from __future__ import annotations

from whirr.wire import jsontext
from whirr.wire.errors import Unreachable
from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any, Callable

    from whirr.wire.http1 import Incoming


class Answer:
    """A successful answer. Header names are in lower case."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status = status
        self.headers = headers
        self.body = body

    def json(self) -> Any:
        """The body as JSON; a body that is none counts as a torn answer."""
        try:
            return jsontext.loads(self.body) if self.body else None
        except ValueError as error:
            raise Unreachable("the answer is no JSON") from error


class Stream:
    """A successful answer whose body is read piece by piece: iterate it, inside `with`."""

    def __init__(self, incoming: Incoming, drop: Callable[[], None]) -> None:
        self._incoming = incoming
        self._drop = drop
        self.status = incoming.status
        self.headers = incoming.headers

    def __iter__(self) -> Iterator[bytes]:
        return self._incoming.body()

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if (
            not self._incoming.keeps_alive
        ):  # what was not read must not be taken for the next answer
            self._drop()
