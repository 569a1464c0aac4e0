"""An agent's sync body is read by hand: what cannot be meant is refused by name, what is new is passed over."""

from typing import Any

import pytest
from django.utils import timezone

from jobs import clocks
from jobs.api.parsing import sync_report
from jobs.errors import Invalid
from jobs.syncing import Report
from tests.jobs.factories import NOON


def test_an_empty_body_is_a_sync_that_wants_nothing() -> None:
    assert sync_report({}) == Report()


def test_everything_is_read() -> None:
    told = sync_report(
        {
            "session": "s",
            "claim_id": "c",
            "free_gpus": [1, 0],
            "free_slots": 2,
            "accepting": False,
            "running": [
                {"job_id": 7, "attempt": 2, "cancelling": False},
                {"job_id": 8, "attempt": 1, "cancelling": True},
            ],
            "lease_seconds": 90,
            "hold_seconds": 20,
            "load": {"cpu_percent": 1.5},
            "of_a_newer_agent": {"x": 1},
        }
    )
    assert told == Report(
        session="s",
        claim_id="c",
        free_gpus=[1, 0],
        free_slots=2,
        accepting=False,
        running=[(7, 2), (8, 1)],
        cancelling=[(8, 1)],
        lease_seconds=90,
        hold_seconds=20.0,
        load={"cpu_percent": 1.5},
    )


@pytest.mark.parametrize(
    ("lease", "hold", "held"), [(60, 3600, 20), (600, 3600, 25), (30, 5, 5), (3, 20, 1)]
)
def test_a_request_is_held_for_a_third_of_the_lease_at_most(
    lease: int, hold: int, held: float
) -> None:
    assert sync_report({"lease_seconds": lease, "hold_seconds": hold}).hold_seconds == held


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("session", "x" * 65),
        ("session", 7),
        ("session", "a\0"),
        ("claim_id", None),
        ("claim_id", "x" * 65),
        ("free_gpus", "0"),
        ("free_gpus", [True]),
        ("free_gpus", [-1]),
        ("free_gpus", [1.5]),
        ("free_gpus", [2**63]),
        ("free_slots", -1),
        ("free_slots", True),
        ("running", {"job_id": 1, "attempt": 1}),
        ("running", [7]),
        ("running", [{"job_id": 7}]),
        ("running", [{"job_id": "7", "attempt": 1}]),
        ("running", [{"job_id": 7, "attempt": 1}] * 10_001),
        ("lease_seconds", 2),
        ("lease_seconds", 601),
        ("lease_seconds", "60"),
        ("lease_seconds", float("nan")),
        ("hold_seconds", -1),
        ("hold_seconds", float("inf")),
    ],
)
def test_a_value_that_cannot_be_meant_is_refused_by_name(field: str, value: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        sync_report({field: value})
    fields = refusal.value.extra["fields"]
    assert isinstance(fields, dict)
    assert list(fields) == [field]


@pytest.mark.parametrize("body", [None, [], "text", 7])
def test_a_body_that_is_no_object_is_refused(body: Any) -> None:
    with pytest.raises(Invalid, match="JSON object"):
        sync_report(body)


def test_a_load_that_no_database_holds_is_mended() -> None:
    load = sync_report({"load": {"note": "a\0b", "power_w": float("nan")}}).load
    assert load == {"note": "a\N{REPLACEMENT CHARACTER}b", "power_w": "NaN"}


def test_of_the_gpus_load_only_what_names_one_is_kept() -> None:
    odd: list[Any] = [None, 7, {}, {"index": []}, {"index": "0"}, {"index": True}, {"index": -1}]
    good = {"index": 1, "utilization": 50}
    told = sync_report({"load": {"gpus": [*odd, good], "cpu_percent": 2}})
    assert told.load == {"gpus": [good], "cpu_percent": 2}
    assert sync_report({"load": {"gpus": "all"}}).load == {"gpus": []}


NO_TIMES: list[Any] = ["noon", True, None, [], float("nan"), 1e300, -5]


@pytest.mark.parametrize(
    ("told", "ahead", "note"),
    [
        (NOON.timestamp(), 0.0, ""),
        (NOON.timestamp() + 1.96, 2.0, ""),
        (NOON.timestamp() + 12.5, 12.5, "is 12 s ahead of the server's"),
        (NOON.timestamp() - 7200, -7200.0, "is 2 h behind the server's"),
        *((odd, None, "") for odd in NO_TIMES),
    ],
)
def test_the_clock_of_an_agent_is_compared_with_ours(
    told: Any, ahead: float | None, note: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timezone, "now", lambda: NOON)
    load = sync_report({"load": {"clock": told, "clock_ahead_seconds": 99, "cpu_percent": 2}}).load
    assert load == {"cpu_percent": 2} | ({} if ahead is None else {"clock_ahead_seconds": ahead})
    assert clocks.note(load) == note
