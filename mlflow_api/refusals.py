"""What cannot be done, in MLflow's words. A client makes its exception of the code."""

STATUS = {
    "BAD_REQUEST": 400,
    "INVALID_PARAMETER_VALUE": 400,
    "RESOURCE_ALREADY_EXISTS": 400,
    "UNAUTHENTICATED": 401,
    "PERMISSION_DENIED": 403,
    "RESOURCE_DOES_NOT_EXIST": 404,
    "ENDPOINT_NOT_FOUND": 404,
    "INTERNAL_ERROR": 500,
    "NOT_IMPLEMENTED": 501,
    "TEMPORARILY_UNAVAILABLE": 503,
}


class Refusal(Exception):
    """`code` is one of MLflow's; the text says what is wrong and how to mend it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message

    @property
    def status(self) -> int:
        return STATUS[self.code]


def invalid(message: str) -> Refusal:
    """The request asks for something that cannot be meant."""
    return Refusal("INVALID_PARAMETER_VALUE", message)


def missing(message: str) -> Refusal:
    """What it names does not exist."""
    return Refusal("RESOURCE_DOES_NOT_EXIST", message)
