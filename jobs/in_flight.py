"""Jobs that transactions of this process have chosen and not committed yet: another one looks behind them at once.

Only to save time. What is locked is decided by the database, where other processes choose too.
"""

import contextlib
import threading
from collections.abc import Iterable, Iterator

_chosen: dict[int, set[int]] = {}  # by thread


@contextlib.contextmanager
def choosing() -> Iterator[None]:
    """Around a transaction that hands out jobs: what it chose is forgotten at its end, however it ends."""
    try:
        yield
    finally:
        _chosen.pop(threading.get_ident(), None)


def choose(jobs: Iterable[int]) -> None:
    """This thread's transaction is about to take these."""
    _chosen.setdefault(threading.get_ident(), set()).update(jobs)


def of_others() -> set[int]:
    """What the transactions of other threads are about to take."""
    me = threading.get_ident()
    return {job for thread, jobs in list(_chosen.items()) if thread != me for job in list(jobs)}
