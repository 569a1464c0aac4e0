"""A file as an answer: always as a download, in a sandbox, and in the part that was asked for."""

import re
from collections.abc import Iterator
from typing import BinaryIO

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.utils.http import content_disposition_header
from rest_framework.request import Request

from runs.contents import Content

RANGE = re.compile(r"bytes=([0-9]{0,18})-([0-9]{0,18})\Z")
PIECE = 256 * 1024
KEPT = "sandbox; default-src 'none'"
PLAYED = f"{KEPT}; media-src 'self'"
Bounds = tuple[int, int]


def answer(
    request: Request | HttpRequest, content: Content, path: str, *, played_as: str = ""
) -> HttpResponse | StreamingHttpResponse:
    """The whole content, or `Range`'s part of it with 206; 416 where there is no such part.

    A range that cannot be read, or several at once, are answered with the whole, as HTTP allows. `played_as` is the
    media type of a sound or a film whose bytes were looked at: a page may play it, and still it is a document of its
    own in a sandbox.
    """
    name = path.rsplit("/", 1)[-1]
    headers = {
        "Content-Security-Policy": PLAYED if played_as else KEPT,
        "X-Content-Type-Options": "nosniff",
        "Content-Disposition": content_disposition_header(not played_as, name) or "inline",
        "Accept-Ranges": "bytes",
    }
    if content.digest:
        headers["ETag"] = f'"{content.digest}"'
    wanted = _wanted(request, content)
    start, stop = wanted or (0, content.size)
    if wanted and start >= content.size:
        return HttpResponse(status=416, headers={"Content-Range": f"bytes */{content.size}"})
    if wanted:
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{content.size}"
    return StreamingHttpResponse(
        Pieces(content.opened(start, stop), stop - start),
        status=206 if wanted else 200,
        content_type=played_as or "application/octet-stream",
        headers=headers | {"Content-Length": str(stop - start)},
    )


def _wanted(request: Request | HttpRequest, content: Content) -> Bounds | None:
    """First byte, and the one after the last; None for the whole."""
    found = RANGE.match(request.headers.get("range", ""))
    unchanged = request.headers.get("if-range", "")
    if not found or (unchanged and unchanged != f'"{content.digest}"'):
        return None
    first, last = found.groups()
    if not first:
        return _the_last(int(last), content.size) if last else None
    if last and int(last) < int(first):
        return None
    return int(first), min(int(last) + 1, content.size) if last else content.size


def _the_last(count: int, size: int) -> Bounds:
    return (max(0, size - count) if count else size), size


class Pieces:
    """So many bytes of an open file, for a response, which closes it."""

    def __init__(self, file: BinaryIO, length: int) -> None:
        self._file = file
        self._left = length

    def __iter__(self) -> Iterator[bytes]:
        while self._left and (piece := self._file.read(min(PIECE, self._left))):
            self._left -= len(piece)
            yield piece

    def close(self) -> None:
        self._file.close()
