"""Times that files tell, written by any program: what no row could keep is passed over, and raises nothing."""

from datetime import UTC, datetime

FIRST, LAST = 2, 9998  # years: a day earlier or later, as in another zone, is a time still
END = datetime(LAST, 1, 1, tzinfo=UTC).timestamp()


def moment(text: object, *, zoned: bool = False) -> datetime | None:
    """A time in ISO 8601, in UTC; None where it cannot be read, or lies at one end of all years.

    One that names no zone is meant as UTC, or as nothing where it has to be `zoned`.
    """
    try:
        at = datetime.fromisoformat(str(text))
        if zoned and at.tzinfo is None:
            return None
        at = at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
    return at if FIRST <= at.year <= LAST else None


def of_change(mtime: float) -> datetime:
    """When a file was changed; a disk keeps years that no row can."""
    return datetime.fromtimestamp(min(max(mtime, 0.0), END), tz=UTC)
