"""Which way a metric gets better: one function for searching, comparing and arrays."""

import pytest

from dashboard.night import arrays
from runs.directions import guessed
from runs.query import conditions

KEYS = [
    ("train/loss", "min"),
    ("val/acc", "max"),
    ("top5_accuracy", "max"),
    ("top1_err", "min"),
    ("valAcc", "max"),
    ("f1", "max"),
    ("eval/rmse", "min"),
    ("loss_scale", "min"),
    ("val/ce", "min"),
    ("epoch_time", "min"),
    ("answer_acc", "max"),
    ("val/confidence", ""),
    ("power", ""),
    ("interference", ""),
    ("lossless", ""),
    ("lr", ""),
    ("", ""),
]


@pytest.mark.parametrize(("key", "way"), KEYS)
def test_whole_words_of_the_name_tell_and_everybody_asks_the_same(key: str, way: str) -> None:
    assert guessed(key) == way
    column = {"min": "minimum"}.get(way, "maximum")
    assert conditions.series_column(key, "best") == column
    assert arrays._chosen(arrays.Wish(metric=key), []).goal == (way or "max")
