"""The name in a comparison: which of its dotted parts say a kind, which the key, which a part of a metric."""

from runs.errors import QueryError
from runs.query.syntax import KINDS, PARTS, Name


def named_by(segments: list[tuple[str, bool]], begin: int, stop: int) -> Name:
    """`config.a.b`, `metric."a.b".min`, `loss.min`: kinds and parts count where no quotation marks are round them."""
    kind = part = ""
    (first, quoted), *rest = segments
    if rest and not quoted and first in KINDS:
        kind, segments = first, rest
    last, quoted = segments[-1]
    if kind not in ("config", "summary") and len(segments) > 1 and not quoted and last in PARTS:
        part, segments = last, segments[:-1]
    return Name(kind, ".".join(text for text, _ in segments), part, begin, stop)


def named(name: Name) -> Name:
    """The name of a comparison. Raises QueryError where it has no key."""
    if not name.key:
        raise QueryError(
            f"a key is missing behind {name.kind or 'the dot'}",
            at=name.at,
            length=name.stop - name.at,
        )
    return name
