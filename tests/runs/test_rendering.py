"""Every answer goes through the quick renderer: it says what DRF's own would have said."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from rest_framework.exceptions import ErrorDetail
from rest_framework.renderers import JSONRenderer

from runs.api.rendering import QuickRenderer
from runs.models import RunStatus


@pytest.mark.parametrize(
    "data",
    [
        {"a": [1, 2.5, None, True, "\u00e4\u2028\U0001f40b</script>"]},
        {"seed": 2**128, "deep": [{"b": 2**70}]},
        {"detail": ErrorDetail("no", code="invalid")},
        {"status": RunStatus.PENDING},
        {"id": UUID(int=7), "d": Decimal("1.50")},
        {1: "a number as a key", None: 1},
        [],
        "text",
    ],
)
def test_it_agrees_with_the_renderer_of_drf(data: Any) -> None:
    assert json.loads(QuickRenderer().render(data)) == json.loads(JSONRenderer().render(data))


def test_nothing_stays_nothing() -> None:
    assert QuickRenderer().render(None) == b""


def test_a_number_that_json_does_not_know_is_null_and_no_error() -> None:
    """DRF's renderer fails over it."""
    assert QuickRenderer().render({"a": float("nan"), "b": float("inf")}) == b'{"a":null,"b":null}'


def test_indenting_is_still_there_for_the_asking() -> None:
    assert QuickRenderer().render({"a": 1}, "application/json; indent=4") == b'{\n    "a": 1\n}'


def test_a_time_is_iso() -> None:
    assert b"2030-01-01T00:00:00" in QuickRenderer().render([datetime(2030, 1, 1, tzinfo=UTC)])
