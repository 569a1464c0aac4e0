"""The standard library without its comforts, for a process that lives for months on a training node.

`socket` and `signal` bring `enum`, `contextlib` brings `collections` and `functools`, `typing` brings all of them:
one to two megabytes each that an agent would pay for names it does not need. Here are the parts in C below
them (found in every CPython from 3.9 on), and the few lines that are needed besides. Type checkers see the real thing.
"""

from __future__ import annotations

TYPE_CHECKING = False  # checkers take this name for true; `typing` itself costs two megabytes
if TYPE_CHECKING:
    import signal
    import socket
    from collections import deque
    from types import TracebackType
else:
    import _signal as signal
    import _socket as socket
    from _collections import deque

__all__ = ["TYPE_CHECKING", "deque", "signal", "socket", "suppress"]


class suppress:  # noqa: N801  (it is used as contextlib's)
    """contextlib.suppress, without its megabyte."""

    def __init__(self, *kinds: type[BaseException]) -> None:
        self._kinds = kinds

    def __enter__(self) -> None:
        pass

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> bool:
        return kind is not None and issubclass(kind, self._kinds)
