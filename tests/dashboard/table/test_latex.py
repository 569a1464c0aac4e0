"""Numbers of the table in a paper."""

import pytest

from dashboard.table.latex import latex
from dashboard.table.shown import Cell, Column


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("config", 20240117, "$20240117$"),
        ("config", 0.123456789, "$0.123456789$"),
        ("config", 3e-05, r"$3 \times 10^{-5}$"),
        ("summary", 123456789, "$123456789$"),
        ("metric", 20240117.0, r"$2.024 \times 10^{7}$"),
        ("metric", 0.123456789, "$0.1235$"),
    ],
)
def test_what_was_measured_is_rounded_and_what_was_chosen_is_not(
    kind: str, value: float, said: str
) -> None:
    column = Column(f"{kind}.x", "x", kind, numeric=True)
    text = latex([column], [[Cell(column, "number", value)]])
    assert text.splitlines()[5] == rf"{said} \\"
