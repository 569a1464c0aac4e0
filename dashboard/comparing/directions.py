"""Which way metrics get better, as a page was told or as their names tell."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from runs.directions import Direction as Direction
from runs.directions import guessed


@dataclass(frozen=True, slots=True)
class Directions:
    """The guesses, and what somebody decided otherwise: `?down=` and `?up=` in the URL, `?flat=` for neither."""

    decided: Mapping[str, Direction] = field(default_factory=dict)

    @classmethod
    def of(cls, *, down: Iterable[str], up: Iterable[str], flat: Iterable[str]) -> "Directions":
        """From three lists of metrics; the later list wins."""
        decided: dict[str, Direction] = dict.fromkeys(down, "min")
        decided |= dict.fromkeys(up, "max")
        decided |= dict.fromkeys(flat, "")
        return cls(decided)

    def of_key(self, key: str) -> Direction:
        return self.decided[key] if key in self.decided else guessed(key)
