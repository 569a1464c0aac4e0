"""The range of an array, as people write it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs import arrays
from jobs.errors import Invalid


@pytest.mark.parametrize(
    ("spec", "indices", "most"),
    [
        ("0", [0], None),
        ("0-3", [0, 1, 2, 3], None),
        ("7-7", [7], None),
        ("1,3,5-7", [1, 3, 5, 6, 7], None),
        ("5-7,1", [5, 6, 7, 1], None),
        ("0-20:5", [0, 5, 10, 15, 20], None),
        ("0-9:4", [0, 4, 8], None),
        ("0-3%2", [0, 1, 2, 3], 2),
        (" 0 - 2 % 8 ", [0, 1, 2], 8),
        ("1,1,1-2", [1, 2], None),
        ("007", [7], None),
        (f"{2**31 - 1}", [2**31 - 1], None),
        ("0-9999", list(range(10_000)), None),
    ],
)
def test_a_range_is_read_as_slurm_reads_it(spec: str, indices: list[int], most: int | None) -> None:
    found = arrays.parse(spec)
    assert (list(found.indices), found.max_active) == (indices, most)


@pytest.mark.parametrize(
    "spec",
    [
        *("", " ", ",", "1,", ",1", "a", "-1", "1-", "3-1", "1-2-3", "1.5", "1:2", "0-9:0"),
        *("%2", "0-3%", "0-3%0", "0-3%-1", "0-3%%2", "0-3%2%2", "0-3%x", "0-3% 1 000 000 000 0"),
        *("0-10000", "0-9999,10000", f"{2**31}", "0-99999999999", "٣", "1\n", "²", "0x10", "1e3"),
        "0-9999999999:1",
    ],
)
def test_what_is_no_range_is_refused_with_an_example(spec: str) -> None:
    with pytest.raises(Invalid, match="write 0-99, 1,3,5-9 or 0-20:5, with %8") as refusal:
        arrays.parse(spec)
    assert "array" in str(refusal.value.extra["fields"])


@given(st.text(alphabet="0123456789-,:% \n٣", max_size=30))
def test_any_text_is_a_range_or_a_refusal(spec: str) -> None:
    try:
        found = arrays.parse(spec)
    except Invalid:
        return
    assert 1 <= len(found.indices) == len(set(found.indices)) <= arrays.MOST_MEMBERS
    assert all(0 <= index <= arrays.MOST_INDEX for index in found.indices)
    assert found.max_active is None or found.max_active > 0


@given(st.lists(st.integers(0, 500), min_size=1, unique=True), st.none() | st.integers(1, 99))
def test_a_list_of_numbers_means_itself(indices: list[int], most: int | None) -> None:
    spec = ",".join(map(str, indices)) + (f"%{most}" if most else "")
    assert arrays.parse(spec) == arrays.Range(tuple(indices), most)
