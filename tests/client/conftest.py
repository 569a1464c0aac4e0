"""Servers for the wire client; projects for the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from tests.client.raw_server import RawServer

Serve = Callable[..., RawServer]


@pytest.fixture
def serve() -> Iterator[Serve]:
    servers: list[RawServer] = []

    def start(*connections: list[bytes | None]) -> RawServer:
        servers.append(RawServer(*connections))
        return servers[-1]

    yield start
    for server in servers:
        server.close()
