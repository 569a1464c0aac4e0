"""What is wrong with a file of a run that cannot be delivered, whoever is asked."""

from __future__ import annotations

import errno

_OWN = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOMEM})  # the agent's trouble, and no file's
_DISK = frozenset(
    {
        errno.ESTALE, errno.ETIMEDOUT, errno.EAGAIN, errno.ENOTCONN, errno.ECONNREFUSED,
        errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH, errno.EREMOTEIO,
    }
)  # fmt: skip
_PATIENCE = 600.0  # seconds that a file server may take to come back; the outcome waits for it


class Unreadable(Exception):
    """This file cannot be read. The others can, and the outcome must not wait for it."""


class Shortened(Unreadable):
    """The server has more of this file than lies here."""


def unreadable(error: OSError) -> Exception:
    """What to raise for an error of a file: Unreadable, unless it is one that passes."""
    return error if error.errno in _OWN or error.errno in _DISK else Unreadable(str(error))


def may_pass(error: Exception, lasted: float) -> bool:
    """Whether to wait and try again, after so many seconds of trouble."""
    if not isinstance(error, OSError):
        return False
    return error.errno not in _DISK or lasted < _PATIENCE
