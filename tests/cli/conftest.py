"""Fixtures: the `whirr` command in a clean place, a fake server, a stack with stand-in children."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.cli.command import FORGET, Call, Whirr
from tests.cli.fake_server import FakeServer
from tests.cli.stacks import Stack
from whirr.cli.main import run


@pytest.fixture
def whirr(tmp_path: Path) -> Iterator[Whirr]:
    """The command in an empty folder that knows of no server."""
    command = Whirr(tmp_path)
    yield command
    command.end()


@pytest.fixture
def quick(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Call:
    """The command as a call in this process: for what needs no process of its own."""
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith(FORGET)]:
        monkeypatch.delenv(name)

    def call(*args: str, **env: str) -> subprocess.CompletedProcess[str]:
        with monkeypatch.context() as environment:
            for name, value in env.items():
                environment.setenv(name, value)
            code = run(list(args))
        said = capsys.readouterr()
        return subprocess.CompletedProcess(args, code, said.out, said.err)

    return call


@pytest.fixture
def server() -> Iterator[FakeServer]:
    """A server without a token."""
    fake = FakeServer()
    yield fake
    fake.stop()


@pytest.fixture
def there(whirr: Whirr, server: FakeServer) -> Whirr:
    """The command with that server in its environment."""
    whirr.env["WHIRR_SERVER_URL"] = server.url
    return whirr


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    command = Stack(tmp_path)
    yield command
    command("down")
    command.end()
