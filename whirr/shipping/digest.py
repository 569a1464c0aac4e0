"""The sha256 of a file, piece by piece; what computes it is loaded when it is first needed."""

from __future__ import annotations

import os
import sys

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Any

_PIECE = 1024 * 1024


def sha256_of(fd: int) -> str:
    """Of the whole file behind a descriptor, as hexadecimal digits. Raises OSError."""
    digest, at = _new(), 0
    while piece := os.pread(fd, _PIECE, at):
        digest.update(piece)
        at += len(piece)
    text: str = digest.hexdigest()
    return text


def sha256_of_bytes(data: bytes) -> str:
    """Of a little, by the small module that comes with Python: OpenSSL would cost an agent megabytes."""
    try:
        digest = __import__("_sha2" if sys.version_info >= (3, 12) else "_sha256").sha256(data)
    except ImportError:
        digest = _new()
        digest.update(data)
    text: str = digest.hexdigest()
    return text


def _new() -> Any:
    try:
        from _hashlib import openssl_sha256  # noqa: PLC0415  (without the rest of hashlib)
    except ImportError:
        from hashlib import sha256  # noqa: PLC0415

        return sha256()
    return openssl_sha256()
