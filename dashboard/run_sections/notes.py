"""A run's notes as a page shows them."""

from dataclasses import dataclass
from datetime import datetime

from django.utils.safestring import SafeString

from dashboard.rendering import markdown
from runs.models import Run

KNOWN_TAGS = 200
LOOKED_AT = 5_000  # newest runs whose tags are offered


@dataclass(frozen=True, slots=True)
class Notes:
    """`source` is Markdown, `html` what it means; `seen` is what a change of them has to repeat."""

    source: str
    html: SafeString
    by: str
    at: datetime | None

    @property
    def seen(self) -> str:
        return self.at.isoformat() if self.at else ""


def notes(run: Run) -> Notes:
    """Empty ones where nobody wrote any."""
    return Notes(run.notes, markdown.html(run.notes), run.notes_by, run.notes_at)


def known_tags(words: str) -> list[str]:
    """Tags of the newest runs that have these letters in them, the most used first."""
    counts: dict[str, int] = {}
    newest = Run.objects.filter(trashed_at=None, deleted_at=None).order_by("-id")
    for tags in newest.values_list("tags", flat=True)[:LOOKED_AT]:
        for tag in tags:
            counts[str(tag)] = counts.get(str(tag), 0) + 1
    found = [tag for tag in counts if words.casefold() in tag.casefold()]
    return sorted(found, key=lambda tag: (-counts[tag], tag))[:KNOWN_TAGS]
