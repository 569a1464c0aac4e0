"""Ports for servers that are told theirs: nobody else is given one between the choice and the server's bind."""

import itertools
import os
import random
import socket
from collections.abc import Iterator
from functools import cache

# Below what the kernel hands out by itself to whoever connects, or listens on port 0: net.ipv4.ip_local_port_range.
FIRST, END = 20_000, 32_000
STRIPES = 16  # processes of pytest-xdist, each with ports of its own


@cache
def _ours() -> Iterator[int]:
    """Each comes once before any comes again; where they begin is chance, for other sessions on this machine."""
    worker = os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")
    ports = list(range(FIRST + int(worker) % STRIPES, END, STRIPES))
    random.SystemRandom().shuffle(ports)
    return itertools.cycle(ports)


def free_port() -> int:
    for port in itertools.islice(_ours(), (END - FIRST) // STRIPES):
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError(f"no port from {FIRST} to {END} is free")
