"""What goes wrong in the library is said once and counted, and never breaks the training.

`logging` and not `warnings`: under -W error a warning would be an exception.
"""

from __future__ import annotations

import logging

_log = logging.getLogger("whirr")


class Complaints:
    """`strict` raises instead: for tests of a training script, not for a night's run."""

    def __init__(self, *, strict: bool) -> None:
        self.count = 0
        self._strict = strict
        self._said: set[str] = set()

    def note(self, subject: str, error: Exception | str) -> None:
        """Say it, if this subject was not complained about yet."""
        self.count += 1
        if self._strict:
            if isinstance(error, Exception):
                raise error
            raise ValueError(f"{subject}: {error}")
        if subject not in self._said:
            self._said.add(subject)
            _log.warning("whirr: %s: %s (said once; the run goes on)", subject, error)
