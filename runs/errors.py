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
