"""What the URL of the compare page asks for. Inside a list each element is encoded, so that it may hold a comma."""

from dataclasses import dataclass, field
from urllib.parse import unquote

from django.http import QueryDict

from dashboard.comparing.directions import Directions

LONGEST_LIST = 100_000  # characters


def listed(text: str) -> list[str]:
    """The elements of a comma list, each once, in order."""
    parts = (unquote(part).strip() for part in text[:LONGEST_LIST].split(","))
    return list(dict.fromkeys(part for part in parts if part))


@dataclass(frozen=True, slots=True)
class Asked:
    """`runs`, `selection` and `filter` say which runs, in this order of preference; the rest how to show them."""

    runs: tuple[str, ...] = ()
    selection: str = ""
    filter: str = ""
    sort: tuple[str, ...] = ()
    baseline: str = ""
    pins: tuple[str, ...] = ()
    directions: Directions = field(default_factory=Directions)

    @classmethod
    def of(cls, query: QueryDict) -> "Asked":
        """Read the query string; what cannot be meant is left out."""
        return cls(
            runs=tuple(listed(query.get("runs", ""))),
            selection=query.get("sel", "")[:16],
            filter=query.get("q", "").strip(),
            sort=tuple(listed(query.get("sort", ""))),
            baseline=query.get("baseline", ""),
            pins=tuple(listed(query.get("pins", ""))),
            directions=Directions.of(
                down=listed(query.get("down", "")),
                up=listed(query.get("up", "")),
                flat=listed(query.get("flat", "")),
            ),
        )

    @property
    def is_empty(self) -> bool:
        return not (self.runs or self.selection or self.filter)
