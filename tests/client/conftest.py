"""Servers for the wire client; projects for the library."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import whirr
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


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project folder; the test stands somewhere below it."""
    (tmp_path / ".whirr").mkdir()
    inner = tmp_path / "src" / "deep"
    inner.mkdir(parents=True)
    monkeypatch.chdir(inner)
    yield tmp_path
    active = whirr.get_active_run()
    if active is not None:
        active.finish()
