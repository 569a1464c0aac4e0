"""What other apps hang on a run: which runs they still need, and what goes with a run that is deleted for good.

The record knows nothing above it; whoever keeps rows about runs registers here when the server starts.
"""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from runs.models import Run


@dataclass(frozen=True, slots=True)
class Tie:
    """`needed`: of these runs (by primary key) those that have to stay, each with why, as the end of a sentence.

    `let_go`: remove what hangs on the run, inside a transaction; false where the run's own row has to stay.
    """

    needed: Callable[[Collection[int]], dict[int, str]]
    let_go: Callable[[Run], bool]


_ties: list[Tie] = []


def tie(one: Tie) -> None:
    """Register; once is enough."""
    if one not in _ties:
        _ties.append(one)


def needed(runs: Collection[int]) -> dict[int, str]:
    """Runs (by primary key) that somebody still needs, and why."""
    return {run: why for each in _ties for run, why in each.needed(runs).items()}


def let_go(run: Run) -> bool:
    """Remove what hangs on the run; false where its row has to stay. Inside a transaction."""
    return all(each.let_go(run) for each in _ties)
