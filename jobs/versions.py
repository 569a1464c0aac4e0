"""How an agent's version stands to the server's. It is told to people; nobody is ever refused for it."""

from dataclasses import dataclass
from functools import lru_cache

from django.db.models import TextChoices
from packaging.version import Version

UPDATE_IT = "update it when convenient"
UPDATE_THE_SERVER = "update the server when convenient"


class Age(TextChoices):
    """An agent's, beside the server's. Two minor versions apart, or two major ones, nobody tests them together."""

    SAME = "same"
    OLDER = "older"
    NEWER = "newer"
    TOO_OLD = "too_old"
    TOO_NEW = "too_new"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Skew:
    """`note` goes on after "agent 1.2.3"; it is empty where there is nothing to say."""

    age: Age
    note: str


@lru_cache(maxsize=1024)
def skew(agent: str, server: str) -> Skew:
    """Compare two versions as they were told; either may be anything."""
    if not agent.strip():
        return Skew(Age.UNKNOWN, f"tells no version, as whirr 0.5 did: works; {UPDATE_IT}")
    theirs, ours = _read(agent), _read(server)
    if theirs is None or ours is None:
        return Skew(Age.UNKNOWN, "has a version that cannot be compared with the server's")
    if theirs == ours:
        return Skew(Age.SAME, "")
    if (theirs.epoch, theirs.major) != (ours.epoch, ours.major):
        return _apart("another major version", is_older=theirs < ours)
    return _within_major(theirs, ours)


def _within_major(theirs: Version, ours: Version) -> Skew:
    is_older, minors = theirs < ours, abs(theirs.minor - ours.minor)
    if minors > 1:
        return _apart(f"{minors} minor versions {'behind' if is_older else 'ahead'}", is_older)
    distance = "by one minor version" if minors else "within the same minor version"
    if is_older:
        return Skew(Age.OLDER, f"is older {distance}: works; {UPDATE_IT}")
    return Skew(Age.NEWER, f"is newer {distance}: works; {UPDATE_THE_SERVER}")


def _apart(distance: str, is_older: bool) -> Skew:  # noqa: FBT001
    if is_older:
        return Skew(Age.TOO_OLD, f"is too old ({distance}): not tested together; update it")
    return Skew(Age.TOO_NEW, f"is too new ({distance}): not tested together; update the server")


def _read(text: str) -> Version | None:
    """The version without what somebody's own build added to it (`+cu124`); None where it is none."""
    try:
        return Version(Version(text).public)
    except ValueError:
        return None
