"""One kept HTTP/1.1 connection of an asyncio program, cheap enough to have thousands; and a tally of all answers."""

import asyncio
import json
from collections import Counter
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from tests.support import http_text
from tests.support.fault_plan import PLANTED
from tests.support.http_text import Ended, Message

# Refusals that belong to the protocol: a stale write, a gap, a cancel that came after the end.
EXPECTED = {"lease_lost", "offset_gap", "illegal_move"}


class NoAnswer(Exception):
    """Nothing came that could be used: ask again."""


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode(errors="replace")[:300]

    @property
    def code(self) -> str:
        """The word for programs in a refusal."""
        return "" if self.status == 200 else str(self.json().get("code", ""))

    def json(self) -> dict[str, Any]:
        found = json.loads(self.body)
        return found if isinstance(found, dict) else {}


@dataclass(slots=True)
class Tally:
    """All answers that agents had, and how long they took."""

    answers: Counter[str] = field(default_factory=Counter)
    unexpected: Counter[str] = field(default_factory=Counter)
    locked: list[str] = field(default_factory=list)  # answers with "database is locked" in them
    renewals: list[float] = field(
        default_factory=list
    )  # seconds of syncs that renew, and do not wait
    overdue: list[float] = field(
        default_factory=list
    )  # seconds beyond the hold of syncs without news

    def heard(self, kind: str, reply: Reply) -> None:
        if PLANTED in reply.text:
            self.answers["planted refusals"] += 1
            return
        self.answers[f"{kind} {reply.status} {reply.code}".rstrip()] += 1
        if b"database is locked" in reply.body:
            self.locked.append(f"{kind} {reply.status} {reply.text}")
        fine = 200 <= reply.status < 300 or reply.code in EXPECTED
        if not fine:
            self.unexpected[f"{kind} {reply.status} {reply.text}"] += 1

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.answers + other.answers,
            self.unexpected + other.unexpected,
            self.locked + other.locked,
            self.renewals + other.renewals,
            self.overdue + other.overdue,
        )

    def unanswered(self, kind: str, why: str) -> None:
        self.answers[f"{kind}: {why}"] += 1

    def synced(self, took: float, hold: float, body: dict[str, Any], reply: Reply) -> None:
        if body["running"] and not hold:
            self.renewals.append(took)
        elif took > hold > 0:
            self.overdue.append(took - hold)


class Line:
    """One request at a time."""

    def __init__(self, url: str, token: str, tally: Tally) -> None:
        parts = urlsplit(url)
        self._host, self._port, self._prefix = parts.hostname, parts.port, parts.path
        self._lines = (
            f"Host: {parts.netloc}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
        )
        self._tally = tally
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, method: str, path: str, body: Any = b"", timeout: float = 30.0) -> Reply:
        """Raises NoAnswer where the request should be repeated; any other answer comes back."""
        kind = f"{method} {path.partition('?')[0].rsplit('/', 1)[-1]}"
        data = self._render(method, path, body)
        try:
            async with asyncio.timeout(timeout):
                answer = await self._exchange(data)
        except (Ended, OSError, TimeoutError) as error:
            self.close()
            self._tally.unanswered(kind, type(error).__name__)
            raise NoAnswer(str(error)) from error
        except (
            BaseException
        ):  # given up in the middle: the rest must not be read as the next answer
            self.close()
            raise
        if not answer.keeps_alive:
            self.close()
        reply = Reply(answer.status, answer.body)
        self._tally.heard(kind, reply)
        if reply.status == 429 or reply.status >= 500:
            raise NoAnswer(f"{reply.status} {reply.text}")
        return reply

    def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    def _render(self, method: str, path: str, body: Any) -> bytes:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        kind = "application/octet-stream" if isinstance(body, bytes) else "application/json"
        head = f"{method} {self._prefix}{path} HTTP/1.1\r\n{self._lines}Content-Type: {kind}\r\n"
        return f"{head}Content-Length: {len(data)}\r\n\r\n".encode("latin-1") + data

    async def _exchange(self, data: bytes) -> Message:
        kept = self._streams is not None
        try:
            return await self._talk(data)
        except (Ended, OSError):
            if not kept:
                raise
            self.close()  # most likely the server closed it as idle; all that is asked here is repeatable
            return await self._talk(data)

    async def _talk(self, data: bytes) -> Message:
        if self._streams is None:
            self._streams = await asyncio.open_connection(self._host, self._port)
        reader, writer = self._streams
        writer.write(data)
        answer = await http_text.read(reader)
        if answer is None:
            raise Ended("the connection was closed before an answer")
        return answer
