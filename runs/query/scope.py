"""What a filter means depends on who asks, and when."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Scope:
    """`me` is what `user:me` says."""

    now: datetime
    me: str = ""
