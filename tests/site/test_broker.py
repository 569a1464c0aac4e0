"""Celery without Redis: a message is a file that is there whole, or not at all."""

from pathlib import Path
from typing import Any

import pytest
from kombu import Connection
from kombu.exceptions import ChannelError

from whirr_site import broker
from whirr_site.settings import celery_folder


@pytest.fixture
def connection(tmp_path: Path) -> Connection:
    """Its state is that of the process, so each test has a queue of its own name."""
    broker.register()
    options = celery_folder.transport(tmp_path)
    return Connection(f"{broker.SCHEME}://", transport_options=options)


def taken(queue: Any) -> Any:
    message = queue.get(timeout=5)
    message.ack()
    return message.payload


def test_what_was_put_comes_out_in_its_order(connection: Connection, tmp_path: Path) -> None:
    queue = connection.SimpleQueue(tmp_path.name)
    for number in range(3):
        queue.put({"number": number})
    assert [taken(queue)["number"] for _ in range(3)] == [0, 1, 2]


def test_a_message_that_is_being_written_is_not_seen(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that read one too early ended with "Unrecoverable error"."""
    seen: list[int] = []
    replace = Path.replace

    def look_first(part: Path, target: Path) -> Path:
        reader: Any = connection.clone().channel()
        seen.append(reader._size(tmp_path.name))
        assert part.stat().st_size > 0
        return replace(part, target)

    monkeypatch.setattr(Path, "replace", look_first)
    queue = connection.SimpleQueue(tmp_path.name)
    queue.put({"whole": True})
    assert seen == [0]
    assert taken(queue) == {"whole": True}
    assert not list((tmp_path / "queue").iterdir())


def test_a_folder_that_is_gone_is_said(connection: Connection, tmp_path: Path) -> None:
    queue = connection.SimpleQueue(tmp_path.name)
    (tmp_path / "queue").rmdir()
    with pytest.raises(ChannelError, match="cannot put a message into"):
        queue.put({})
