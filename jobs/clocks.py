"""How an agent's clock stands to this server's: told to people, for times of logs and points are the agent's."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jobs.phrases import span

TELLING = 2.0  # seconds: less may be the way here
MOST = 1e11  # seconds since the epoch: beyond it no clock means what it says
TOLD, AHEAD = "clock", "clock_ahead_seconds"


def compared(load: Mapping[str, Any], *, now: datetime) -> dict[str, Any]:
    """The load as it is kept: instead of the agent's time, how far that is ahead of `now`, when it arrived."""
    kept = {name: each for name, each in load.items() if name not in (TOLD, AHEAD)}
    told = load.get(TOLD)
    if isinstance(told, int | float) and not isinstance(told, bool) and 0 <= told < MOST:
        kept[AHEAD] = round(told - now.timestamp(), 1)
    return kept


def note(load: Mapping[str, Any]) -> str:
    """`is 12 s ahead of the server's`; empty where it is right, or nothing is known of it."""
    ahead = load.get(AHEAD)
    if not isinstance(ahead, int | float) or abs(ahead) <= TELLING:
        return ""
    return f"is {span(abs(ahead))} {'ahead of' if ahead > 0 else 'behind'} the server's"
