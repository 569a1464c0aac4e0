"""What an artifact is: told by its first bytes, and only among texts by its name.

SVG and HTML are documents that can hold scripts: to a page they are source text, and never anything else.
"""

from enum import StrEnum
from pathlib import PurePosixPath

from dashboard import pictures

LOOKED_AT = 4096  # bytes


class Kind(StrEnum):
    IMAGE = "image"
    SOUND = "sound"
    FILM = "film"
    TABLE = "table"
    JSON = "json"
    MARKDOWN = "markdown"
    TEXT = "text"
    OTHER = "other"


NAMED = {
    **dict.fromkeys((".csv", ".tsv"), Kind.TABLE),
    **dict.fromkeys((".json", ".jsonl", ".ndjson"), Kind.JSON),
    **dict.fromkeys((".md", ".markdown"), Kind.MARKDOWN),
}


def kind_of(name: str, head: bytes) -> Kind:
    """What a file of that name is that begins with these bytes."""
    if pictures.sniffed(head):
        return Kind.IMAGE
    played = media_type(head)
    if played:
        return Kind.FILM if played.startswith("video/") else Kind.SOUND
    if is_text(head):
        return NAMED.get(PurePosixPath(name.lower()).suffix, Kind.TEXT)
    return Kind.OTHER


def media_type(head: bytes) -> str | None:
    """Of a sound or a film that browsers play: WAV, MP3, FLAC, Ogg, MP4 or WebM, else None."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return "audio/wav"
    if head.startswith((b"ID3", b"\xff\xfb", b"\xff\xf3", b"\xff\xf2")):
        return "audio/mpeg"
    if head.startswith(b"fLaC"):
        return "audio/flac"
    if head.startswith(b"OggS"):
        return "audio/ogg"
    if head[4:8] == b"ftyp":
        return "audio/mp4" if head[8:11] == b"M4A" else "video/mp4"
    return "video/webm" if head.startswith(b"\x1a\x45\xdf\xa3") else None


def is_text(head: bytes) -> bool:
    """Whether it is UTF-8 without control characters that no text has; the last character may be torn."""
    if any(byte < 9 or 13 < byte < 27 or 27 < byte < 32 for byte in head):
        return False
    for torn in range(4):
        try:
            head[: len(head) - torn].decode()
        except UnicodeDecodeError:
            continue
        return True
    return False
