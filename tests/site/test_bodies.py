"""Large bodies are handed over piece by piece, and nothing of them is lost, doubled or kept in memory."""

import io
from typing import Any

import pytest

from whirr_site.bodies import KEY, PIECE, in_pieces

EMPTY = {"type": "http.request", "body": b"", "more_body": False}
GONE = {"type": "http.disconnect"}


async def received(file: Any, *queue: dict[str, Any], times: int) -> list[dict[str, Any]]:
    """What an application receives of a request whose body was withheld."""
    waiting = list(queue)
    found: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    async def send(_message: dict[str, Any]) -> None: ...

    async def application(scope: dict[str, Any], receive: Any, _send: Any) -> None:
        assert KEY not in scope
        found.extend([await receive() for _ in range(times)])

    await in_pieces(application)({"type": "http", KEY: file}, receive, send)
    return found


@pytest.mark.parametrize("size", [PIECE + 1, 2 * PIECE - 1, 2 * PIECE, 2 * PIECE + 1])
async def test_the_body_arrives_whole_and_then_the_hang_up(size: int) -> None:
    data = bytes(range(256)) * (size // 256 + 1)
    messages = await received(io.BytesIO(data[:size]), EMPTY, GONE, times=size // PIECE + 2)
    assert b"".join(each["body"] for each in messages[:-1]) == data[:size]
    assert [each["more_body"] for each in messages[:-1]] == [True] * (size // PIECE) + [False]
    assert messages[-1] == GONE
    assert max(len(each["body"]) for each in messages[:-1]) <= PIECE


async def test_a_client_that_hangs_up_in_between_is_noticed() -> None:
    file = io.BytesIO(b"x" * 3 * PIECE)
    file.close()
    assert await received(file, EMPTY, GONE, times=1) == [GONE]


async def test_a_request_without_such_a_body_is_left_alone() -> None:
    message = {"type": "http.request", "body": b"small", "more_body": False}

    async def receive() -> dict[str, Any]:
        return message

    seen = []

    async def application(_scope: Any, receive: Any, _send: Any) -> None:
        seen.append(await receive())

    async def send(_message: dict[str, Any]) -> None: ...

    await in_pieces(application)({"type": "http"}, receive, send)
    assert seen == [message]
