"""What a person may look at when the first contact with the server fails."""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from whirr.wire import Refused, Unreachable

_CURES = (
    ("CERTIFICATE_VERIFY_FAILED", "SSL_CERT_FILE may name a file with the certificate to trust"),
    ("WRONG_VERSION_NUMBER", "nothing speaks TLS there: is it http:// and not https://?"),
    ("Connection refused", "is the server running there, and is the port right?"),
    ("cannot find", "is the name of the host right?"),
    ("the connection broke", "does it want https:// and not http://?"),
    ("the server closed", "does it want https:// and not http://?"),
    ("is no HTTP server", "does it want https:// and not http://? is the port right?"),
    ("is no JSON", "no whirr answers like this: is the address right?"),
    ("the server answered", "no whirr answers like this: is the address right?"),
)


def about(error: Unreachable | Refused) -> str:
    """The error's own words, with a cure where there is one."""
    cure = next((words for mark, words in _CURES if mark in error.detail), "")
    return f"{error.detail} ({cure})" if cure else error.detail
