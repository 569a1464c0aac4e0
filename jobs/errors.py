"""Refusals of the queue; the general ones stand in `runs.errors`."""

from runs.errors import DomainError, Invalid, LeaseLost, NotFound

__all__ = [
    "DomainError",
    "IllegalMove",
    "Invalid",
    "LeaseLost",
    "LimitReached",
    "NotFound",
    "WorkerNameTaken",
]


class IllegalMove(DomainError):
    """The job's state does not allow this."""

    code = "illegal_move"


class WorkerNameTaken(DomainError):
    """Another live agent goes by that name."""

    code = "worker_name_taken"


class LimitReached(DomainError):
    """A quota on queued jobs is used up."""

    code = "limit_reached"
