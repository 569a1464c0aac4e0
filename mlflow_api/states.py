"""States of a run, here and there; times as MLflow counts them: milliseconds since 1970."""

from datetime import UTC, datetime, timedelta

from mlflow_api.refusals import invalid
from runs.models import RunStatus

STATUSES = {
    RunStatus.RUNNING: "RUNNING",
    RunStatus.PENDING: "SCHEDULED",
    RunStatus.COMPLETED: "FINISHED",
    RunStatus.FAILED: "FAILED",
    RunStatus.CANCELLED: "KILLED",
}
OURS = {theirs: ours for ours, theirs in STATUSES.items()}
WORDS = ("RUNNING", "SCHEDULED", "FINISHED", "FAILED", "KILLED")  # in the order of their numbers

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def moment(milliseconds: int) -> datetime:
    """Raises Refusal for a year that no calendar of ours has."""
    try:
        return EPOCH + timedelta(milliseconds=milliseconds)
    except OverflowError:
        raise invalid(f"Invalid time {milliseconds}: milliseconds since 1970 are meant.") from None


def milliseconds(at: datetime) -> int:
    """The whole milliseconds since 1970."""
    return (at - EPOCH) // timedelta(milliseconds=1)
