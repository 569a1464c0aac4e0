"""Series as bytes, for readers that draw many of them: a header of JSON, then columns that are used where they lie.

    8 bytes   MAGIC
    4 bytes   length of the header, uint32
    header    JSON in UTF-8, filled up with blanks so that what follows begins at a multiple of 8
    columns   each begins at a multiple of 8

Everything is little-endian. docs/series.md describes the header.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from runs.points import Steps
from runs.series.reading import Reading
from runs.series_json import about

MAGIC = b"WHIRRSR1"
TYPE = "application/vnd.whirr.series"
ALIGNED = 8
EXACT_IN_FLOAT = 2**53

Place = tuple[str, int, int]


def encode(found: Sequence[Reading], **told: Any) -> bytes:
    """The whole answer; `told` is more that the header says."""
    columns = Columns()
    series = [about(each) | {"arrays": columns.of(each)} for each in found]
    return packed(told | {"series": series}, columns)


def packed(told: dict[str, Any], columns: "Columns") -> bytes:
    """A header that says where its columns lie, and the columns."""
    header = orjson.dumps(told)
    header += b" " * (-(len(MAGIC) + 4 + len(header)) % ALIGNED)
    return b"".join([MAGIC, len(header).to_bytes(4, "little"), header, *columns.parts])


class Columns:
    """Columns one after the other, and where each begins."""

    def __init__(self) -> None:
        self.parts: list[bytes] = []
        self.size = 0

    def of(self, found: Reading) -> dict[str, Place]:
        """Type, offset and length by name. Of exact points the extremes are the values themselves."""
        thinned, points = found.thinned, found.thinned.points
        value = self.add("float64", points.values)
        told = {
            "x": self.add("float64", found.x),
            "step": self._steps(points.steps),
            "time": self.add("float64", points.times),
            "value": value,
            "min": value,
            "max": value,
        }
        if not thinned.exact:
            told |= {
                "min": self.add("float64", thinned.minimum),
                "max": self.add("float64", thinned.maximum),
            }
        return told | {"count": self.add("uint32", thinned.counts)}

    def _steps(self, steps: Steps) -> Place:
        """As float64, which browsers count in, where that changes no step."""
        small = not len(steps) or max(-int(steps.min()), int(steps.max())) <= EXACT_IN_FLOAT
        return self.add("float64" if small else "int64", steps)

    def add(self, kind: str, numbers: NDArray[Any]) -> Place:
        """Put a column behind the others; answers where it lies."""
        data = numbers.astype(np.dtype(kind).newbyteorder("<")).tobytes()
        place = (kind, self.size, len(numbers))
        data += bytes(-len(data) % ALIGNED)
        self.parts.append(data)
        self.size += len(data)
        return place
