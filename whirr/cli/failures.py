"""What can go wrong: one line that says what, one that says how to mend it, an exit code."""

from __future__ import annotations

from typing import Any

from whirr.wire import FilterWrong, NotAllowed, NotFound, Refused, Unreachable, WireError

DONE = 0
FAILED = 1
USAGE = 2
UNREACHABLE = 3
NOT_ALLOWED = 4
NOT_FOUND = 5
INTERRUPTED = 130  # what shells expect after Ctrl-C


class Failure(Exception):
    """A command cannot do what it was asked to."""

    def __init__(self, cause: str, mend: str = "", code: int = FAILED) -> None:
        super().__init__(cause)
        self.cause = cause
        self.mend = mend
        self.code = code


def from_wire(error: WireError, url: str) -> Failure:
    """The failure that an answer of the server (or its absence) amounts to."""
    if isinstance(error, Unreachable):
        mend = f"check that the server runs and that {url} is right (WHIRR_SERVER_URL)"
        return Failure(f"no usable answer from {url}: {error}", mend, UNREACHABLE)
    if isinstance(error, NotAllowed):
        mend = "set WHIRR_TOKEN to a token of this server (the `secret` file of its data folder)"
        return Failure(f"{url} refuses access: {error}", mend, NOT_ALLOWED)
    if isinstance(error, NotFound):
        return Failure(str(error), "whirr status and whirr runs list what there is", NOT_FOUND)
    if isinstance(error, Refused):
        code = USAGE if error.status in (400, 413, 422) else FAILED
        return Failure(f"the server refuses: {error}", _in_words(error.fields), code)
    return Failure(str(error), "", FAILED)


def of_filter(error: FilterWrong, text: str) -> Failure:
    """The filter with carets under what is wrong in it."""
    shown = "".join(char if char.isprintable() else " " for char in text)
    carets = " " * error.at + "^" * max(1, error.length)
    return Failure(
        f"{error}\n       {shown}\n       {carets}",
        "docs/filter.md says what a filter may say",
        USAGE,
    )


def _in_words(fields: dict[str, Any]) -> str:
    """`{"gpus": ["too many"]}` as `gpus: too many`."""
    said = []
    for name, problem in fields.items():
        texts = problem if isinstance(problem, list) else [problem]
        said.append(f"{name}: {' '.join(str(text) for text in texts)}")
    return "; ".join(said)
