"""The sha256 of a file, piece by piece; what computes it is loaded when it is first needed."""

from __future__ import annotations

import os

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


def _new() -> Any:
    try:
        from _hashlib import openssl_sha256  # noqa: PLC0415  (without the rest of hashlib)
    except ImportError:
        from hashlib import sha256  # noqa: PLC0415

        return sha256()
    return openssl_sha256()
