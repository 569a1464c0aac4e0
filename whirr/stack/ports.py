"""Choosing the port that the web process listens on."""

from __future__ import annotations

import errno
import socket

TRIES = 50


class PortTaken(Exception):
    """The port that was asked for cannot be used."""


def choose(host: str, wanted: int, *, exactly: bool) -> int:
    """`wanted` if it is free; otherwise the next free one.

    Raises PortTaken if there is none, or if it must be `wanted` exactly.
    """
    last = wanted if exactly else min(wanted + TRIES, 65535)
    for port in range(wanted, last + 1):
        if _is_free(host, port):
            return port
    if exactly:
        raise PortTaken(f"port {wanted} on {host} is taken by another program")
    raise PortTaken(f"no free port on {host} from {wanted} to {last}")


def _is_free(host: str, port: int) -> bool:
    """Whether the port can be bound now. Raises PortTaken where waiting would not help."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except socket.gaierror as error:
            raise PortTaken(f"{host} is not an address of this machine") from error
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            if error.errno == errno.EADDRNOTAVAIL:
                raise PortTaken(f"{host} is not an address of this machine") from error
            if error.errno == errno.EACCES:
                raise PortTaken(f"port {port} needs more rights than this user has") from error
            raise
    return True
