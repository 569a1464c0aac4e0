"""What people say about a run: its name, its project, its tags, and notes in Markdown.

Notes are long, and several people write them: who changes them says which ones were read, and is refused where somebody
else was quicker. Nothing that was typed is lost that way; the answer holds what the others wrote.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from django.db import transaction

from runs import again, feed, run_file, selectors, storable
from runs.errors import Conflict, Forbidden, Invalid
from runs.models import Run
from whirr_site.access.principals import Principal

NAME_LONGEST = 255
PROJECT_LONGEST = 100
TAG_LONGEST = 100
TAGS_MOST = 100
NOTES_LONGEST = 65_536  # characters
CONTROL = re.compile(r"[\x00-\x1f\x7f]")


class Unsaid(Enum):
    """Nothing was said, which is something else than "there is none"."""

    UNSAID = "unsaid"


UNSAID = Unsaid.UNSAID


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be said from now on; None leaves it as it is.

    `notes_seen` is the time of the notes that the new ones were written over, None where there were none.
    """

    name: str | None = None
    project: str | None = None
    tags: list[str] | None = None
    notes: str | None = None
    notes_seen: datetime | Unsaid | None = UNSAID


def may_annotate(by: Principal) -> bool:
    """Whoever may submit may describe all runs: a team writes on one board."""
    return by.may("submit")


def may_move(by: Principal, run: Run) -> bool:
    """Another project may mean other rules of retention: that is for its owner, for admins, or for a run of nobody."""
    return by.may("admin") or (by.may("submit") and run.user in ("", by.name))


def check_move(by: Principal, run: Run) -> None:
    """Raises Forbidden where `by` may not take this run to another project."""
    if not may_move(by, run):
        raise Forbidden(
            f"{run.key} is {run.user}'s: its project is for them and for admins to change"
        )


@again.after_deadlock
@transaction.atomic
def annotate(key: str, change: Change, *, by: Principal, now: datetime) -> Run:
    """Change what is said about a run. Raises NotFound, Forbidden, Invalid, and Conflict where its notes are others."""
    pk = selectors.run(key).pk
    run = Run.objects.select_for_update().get(pk=pk)
    if not may_annotate(by):
        raise Forbidden("describing runs needs the role “submit”")
    told = _checked(change)
    if told.get("project", run.project) != run.project:
        check_move(by, run)
    if "notes" in told:
        _look_for_others(run, change)
        if told["notes"] == run.notes:
            del told["notes"]
        else:
            told |= {"notes_by": by.name, "notes_at": now}
    if told:
        for name, value in told.items():
            setattr(run, name, value)
        run.save(update_fields=[*told])
        run_file.write_if_ended(run)
        feed.ring(feed.run_group(run.key))
    return run


def checked_tags(tags: Iterable[str]) -> list[str]:
    """Tags without those said twice, in their order. Raises Invalid."""
    said = list(dict.fromkeys(_line(tag, "a tag", longest=TAG_LONGEST) for tag in tags))
    if "" in said:
        raise Invalid("a tag cannot be empty")
    if len(said) > TAGS_MOST:
        raise Invalid(f"a run has at most {TAGS_MOST} tags, not {len(said)}: take some away")
    return said


def _checked(change: Change) -> dict[str, object]:
    told: dict[str, object] = {}
    if change.name is not None:
        told["name"] = _line(change.name, "the name", longest=NAME_LONGEST)
    if change.project is not None:
        told["project"] = _line(change.project, "the project", longest=PROJECT_LONGEST)
    if change.tags is not None:
        told["tags"] = checked_tags(change.tags)
    if change.notes is not None:
        if len(change.notes) > NOTES_LONGEST:
            raise Invalid(
                f"notes may have {NOTES_LONGEST} characters, not {len(change.notes)}: "
                "keep the rest as an artifact"
            )
        told["notes"] = storable.text(change.notes.replace("\r\n", "\n"))
    return told


def _line(text: str, what: str, *, longest: int) -> str:
    said = storable.text(text).strip()
    if CONTROL.search(said):
        raise Invalid(f"{what} is one line without control characters, not {said[:60]!r}")
    if len(said) > longest:
        raise Invalid(f"{what} may have {longest} characters, not {len(said)}")
    return said


def _look_for_others(run: Run, change: Change) -> None:
    if change.notes_seen is UNSAID or change.notes_seen == run.notes_at:
        return
    who = run.notes_by or "somebody"
    raise Conflict(
        f"{who} changed the notes of {run.key} meanwhile; put both together and save again",
        notes=run.notes,
        notes_by=run.notes_by,
        notes_at=run.notes_at.isoformat() if run.notes_at else None,
    )
