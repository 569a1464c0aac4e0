"""What goes wrong in the library is said once and counted, and never breaks the training.

`logging` and not `warnings`: under -W error a warning would be an exception.
"""

from __future__ import annotations

import threading

_MOST = 1000  # subjects that are told apart


class Complaints:
    """`strict` raises instead: for tests of a training script, not for a night's run."""

    def __init__(self, *, strict: bool) -> None:
        self.count = 0
        self._strict = strict
        self._said: set[str] = set()
        self._lock = threading.RLock()  # a signal handler may complain in the middle of a complaint

    def note(self, subject: str, error: Exception | str) -> None:
        """Something could not be recorded: count it, and say so."""
        with self._lock:
            self.count += 1
        self.say(subject, error)

    def after_fork(self) -> None:
        """In the child: what its parent dropped is the parent's to tell."""
        self.count = 0
        self._lock = threading.RLock()

    def say(self, subject: str, error: Exception | str) -> None:
        """Say it, if this subject was not complained about yet; nothing that was to be recorded is lost."""
        if self._strict:
            if isinstance(error, Exception):
                raise error
            raise ValueError(f"{subject}: {error}")
        if subject not in self._said and len(self._said) < _MOST:
            self._said.add(subject)
            import logging  # noqa: PLC0415  (a third of what the library costs; nothing is wrong in most runs)

            logging.getLogger("whirr").warning(
                "whirr: %s: %s (said once; the run goes on)", subject, _text(error)
            )


def _text(error: Exception | str) -> str:
    try:
        return str(error) or type(error).__name__
    except Exception:  # somebody's exception whose text is broken
        return type(error).__name__
