"""What the agent's exit code says. The units start it anew after all but `REFUSED` and `USAGE`.

Python's own code for what nobody foresaw is 1, so nothing unforeseen may get as far as Python.
"""

from __future__ import annotations

from whirr.wire.lean import TYPE_CHECKING

if TYPE_CHECKING:
    from types import TracebackType

STOPPED = 0
REFUSED = 1  # by the server, or because a living agent has the name: a person has to come
USAGE = 2  # options that cannot be meant
PASSING = (
    75  # EX_TEMPFAIL: a full disk, a folder that is not there yet, a GPU that does not answer, ...
)


def told(error: BaseException) -> str:
    """An error nobody foresaw, in one line: with the file that it is about, or the place in the sources."""
    if isinstance(error, OSError) and error.filename is not None:
        return str(error)
    return f"{error!r}{_place(error.__traceback__)}"


def _place(trace: TracebackType | None) -> str:
    if trace is None:
        return ""
    while trace.tb_next is not None:
        trace = trace.tb_next
    file = trace.tb_frame.f_code.co_filename.rpartition("/")[2]
    return f" ({file}, line {trace.tb_lineno})"
