"""Images that a run kept: found among its artifacts, and shown only where their first bytes say what they are.

SVG is a document that can hold scripts: it is never shown in a page, and neither is anything else that a browser
might take for one.
"""

from datetime import UTC, datetime

from runs import artifacts, selectors
from runs.contents import Content
from runs.errors import NotFound
from runs.models import Artifact, Run

LOOKED_AT = 16  # bytes
LARGEST = 64 * 1024 * 1024


def find(run: Run, attempt: int, path: str) -> Artifact:
    """The artifact of that name that arrived whole; on a shared disk also before anybody listed it. Raises NotFound."""
    found = selectors.artifacts_of(run, attempt=attempt).filter(path=path).first()
    if found is not None:
        found.run = run
        return found
    name = artifacts.checked_path(path)
    never = datetime.fromtimestamp(0, tz=UTC)
    there = Artifact(run=run, attempt=attempt, path=name, size=0, blob="", modified_at=never)
    artifacts.content(there)  # raises where it is not on this disk
    return there


def kind_of(artifact: Artifact) -> str | None:
    """The media type that its first bytes tell; None where it is no image that browsers show as nothing else."""
    content = artifacts.content(artifact)
    with content.opened(0, min(content.size, LOOKED_AT)) as file:
        return sniffed(file.read(LOOKED_AT))


def sniffed(head: bytes) -> str | None:
    """The media type of a file that begins with these bytes: PNG, JPEG, GIF or WebP, else None."""
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith((b"GIF87a", b"GIF89a")):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    return None


def opened(run: Run, attempt: int, path: str) -> tuple[Content, str]:
    """An image and its media type. Raises NotFound where there is none of that name that may be shown."""
    artifact = find(run, attempt, path)
    kind = kind_of(artifact)
    content = artifacts.content(artifact)
    if kind is None or content.size > LARGEST:
        raise NotFound(f"{path} is no image that can be shown; it can be downloaded")
    return content, kind
