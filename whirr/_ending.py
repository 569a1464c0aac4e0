"""How this program ends: well, or by an exception that nobody caught. The hooks of others are kept and called."""

from __future__ import annotations

import atexit
import builtins
import sys
import threading

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType
    from typing import Any, NoReturn


class Ending:
    """Watches from its making on; `at_end` is called once, with whether the program failed.

    `progress` tells how far the training is: an exit that was caught is known by its going on.
    """

    def __init__(self, at_end: Callable[[bool], None], progress: Callable[[], Any]) -> None:
        self._at_end = at_end
        self._progress = progress
        self._crashed = False
        self._left_at: Any = None  # the progress at a sys.exit that says failure
        atexit.register(self._end)
        self._follow_exceptions()
        self._follow_threads()
        self._follow_exits()

    def _end(self) -> None:
        left = self._left_at is not None and self._left_at == self._progress()
        self._at_end(self._crashed or left)

    def _follow_exceptions(self) -> None:
        before = sys.excepthook

        def note_failure(
            kind: type[BaseException], error: BaseException, trace: TracebackType | None
        ) -> None:
            self._crashed = True
            before(kind, error, trace)

        sys.excepthook = note_failure

    def _follow_threads(self) -> None:
        before = threading.excepthook

        def note_failure(told: Any) -> None:
            if told.exc_type is not SystemExit:  # a thread may end itself so
                self._crashed = True
            before(told)

        threading.excepthook = note_failure

    def _follow_exits(self) -> None:
        """No hook hears of a SystemExit: only the calls that raise it can be listened to."""
        before = sys.exit

        def leave(status: Any = None, /) -> NoReturn:
            self._note_exit(status)
            before(status)

        sys.exit = leave
        for name in ("exit", "quit"):  # for people at a prompt, but scripts use them, too
            theirs = getattr(builtins, name, None)
            if callable(theirs):
                setattr(builtins, name, _Exit(theirs, self._note_exit))

    def _note_exit(self, status: Any) -> None:
        if threading.current_thread() is threading.main_thread():
            self._left_at = None if status is None or status == 0 else self._progress()


class _Exit:
    """The builtin `exit` or `quit`, listened to."""

    def __init__(self, before: Callable[..., Any], note: Callable[[Any], None]) -> None:
        self._before = before
        self._note = note

    def __repr__(self) -> str:
        return repr(self._before)

    def __call__(self, *code: Any, **named: Any) -> Any:
        self._note(code[0] if code else named.get("code"))
        return self._before(*code, **named)
