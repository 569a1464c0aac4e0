"""TLS for https addresses. Imported only then: `ssl` alone costs several megabytes."""

from __future__ import annotations

import socket
import ssl

WOULD_BLOCK: tuple[type[BaseException], ...] = (ssl.SSLWantReadError, ssl.SSLWantWriteError)


def wrap(raw: socket.socket, host: str, timeout: float) -> socket.socket:
    """A verified, non-blocking TLS connection over `raw`. SSL_CERT_FILE names own authorities."""
    plain = socket.socket(fileno=raw.detach())  # `raw` may be a socket of lean.py
    plain.settimeout(timeout)
    secure = ssl.create_default_context().wrap_socket(plain, server_hostname=host)
    secure.settimeout(0)
    return secure
