"""The names and addresses under which other machines may know this one: a server answers to no others."""

from __future__ import annotations

import array
import fcntl
import socket
import struct

LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
SIOCGIFADDR = 0x8915  # Linux: an interface's IPv4 address


def of_this_machine(host: str) -> list[str]:
    """What may stand in a request's Host header when the server listens on `host`."""
    names = [*LOOPBACK]
    if host in ("0.0.0.0", "::", ""):  # noqa: S104 - told apart, not bound
        names += [socket.gethostname(), socket.getfqdn(), *addresses()]
    else:
        names.append(f"[{host}]" if ":" in host else host)
    return list(dict.fromkeys(name.lower() for name in names if name))


def addresses() -> list[str]:
    """The IPv4 addresses of all interfaces that have one."""
    found = []
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        for _, interface in socket.if_nameindex():
            request = array.array("B", struct.pack("256s", interface.encode()[:15]))
            try:
                fcntl.ioctl(probe.fileno(), SIOCGIFADDR, request)
            except OSError:  # an interface without an address
                continue
            found.append(socket.inet_ntoa(request.tobytes()[20:24]))
    return found
