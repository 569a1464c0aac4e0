"""What is wrong with a file of a run that cannot be delivered, whoever is asked."""

from __future__ import annotations

import errno

# The agent's own trouble, and no file's: it passes.
_PASSING = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})


class Unreadable(Exception):
    """This file cannot be read. The others can, and the outcome must not wait for it."""


def unreadable(error: OSError) -> Exception:
    """What to raise for an error of a file: Unreadable, unless it says nothing about the file."""
    return error if error.errno in _PASSING else Unreadable(str(error))
