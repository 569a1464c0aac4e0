"""What can go wrong, in the domain's words. `whirr_site.errors` alone turns a code into an HTTP status."""


class DomainError(Exception):
    """Base of every refusal. `code` is part of the API; the text says what is wrong and how to mend it."""

    code = "invalid"

    def __init__(self, detail: str, **extra: object) -> None:
        super().__init__(detail)
        self.detail = detail
        self.extra = extra  # more fields of the answer, such as the server's size of a stream


class Invalid(DomainError):
    """The request asks for something that cannot be meant."""

    code = "invalid"


class QueryError(Invalid):
    """A filter cannot be read or meant. `length` characters from character `at` (from 0) on are what is wrong."""

    code = "invalid_filter"

    def __init__(self, detail: str, *, at: int, length: int, hint: str = "") -> None:
        told = f"{detail} (column {at + 1})" + (f": {hint}" if hint else "")
        super().__init__(told, at=at, length=length, hint=hint)
        self.what = detail
        self.at = at
        self.length = length
        self.hint = hint


class NotFound(DomainError):
    code = "not_found"


class TooLarge(DomainError):
    code = "too_large"


class LeaseLost(DomainError):
    """A newer attempt exists, or the job has ended: the sender no longer owns what it writes to."""

    code = "lease_lost"


class OffsetGap(DomainError):
    """Bytes between the server's size and the given offset are missing. `size` is where to go on."""

    code = "offset_gap"

    def __init__(self, size: int) -> None:
        super().__init__(f"the server has {size} bytes; go on from there", size=size)
        self.size = size


class Diverged(DomainError):
    """The sender has other bytes before the given offset than the server, whose file has `size` of them."""

    code = "diverged"

    def __init__(self, size: int, more: str = "") -> None:
        told = f"the server has other bytes before that offset, and {size} in all"
        super().__init__(f"{told}; {more}" if more else told, size=size)


class RunTaken(DomainError):
    """The id names a run of somebody else."""

    code = "run_taken"


class InTrash(DomainError):
    """The run is in the trash, or was deleted for good: it takes nothing more."""

    code = "in_trash"


class InUse(DomainError):
    """The run still runs, or something that has not ended needs it."""

    code = "in_use"


class Forbidden(DomainError):
    """Whoever asks may not do this."""

    code = "permission_denied"


class Conflict(DomainError):
    """Somebody else changed meanwhile what the change was made of. The answer's fields say how it is now."""

    code = "conflict"


class Busy(DomainError):
    """Another one does the same at this moment."""

    code = "busy"


class ChecksumMismatch(DomainError):
    """The bytes that arrived are not those whose sha256 was announced; they are thrown away."""

    code = "checksum_mismatch"


class StorageAway(DomainError):
    """The bucket in which contents are kept does not answer, or refuses the server."""

    code = "storage_unavailable"
