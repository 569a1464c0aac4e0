"""An agent's sync body, read by hand: it arrives hundreds of times a second, and a serializer costs a millisecond."""

from typing import Any

import orjson
from django.utils import timezone

from jobs import blocked, clocks, finishing
from jobs.errors import Invalid
from jobs.finishing import Outcome
from jobs.leases import Pair
from jobs.syncing import Report
from runs import storable

MOST_HOLD = 25.0
MOST_LOAD = 64 * 1024  # bytes


def sync_report(body: Any) -> Report:
    """Raises Invalid naming the field that cannot be meant. Unknown fields are passed over: agents may be newer."""
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    lease = _number(body, "lease_seconds", 60, least=3, most=600)
    hold = _number(body, "hold_seconds", 0, least=0, most=3600)
    running = [_entry(entry) for entry in _items(body, "running")]
    return Report(
        session=_text(body, "session"),
        claim_id=_text(body, "claim_id"),
        turn=int(_number(body, "turn", 0, least=0, most=2**53)),
        free_gpus=[_whole(each, "free_gpus") for each in _items(body, "free_gpus")],
        free_slots=int(_number(body, "free_slots", 0, least=0, most=1024)),
        accepting=body.get("accepting", True) is True,
        running=[pair for pair, _ in running],
        cancelling=[pair for pair, cancelling in running if cancelling],
        lease_seconds=int(lease),
        hold_seconds=min(hold, MOST_HOLD, lease / 3),
        ship_interval=_number(body, "ship_interval", 0, least=0, most=3600),
        load=_load(body.get("load")),
    )


def _load(told: Any) -> dict[str, Any]:
    """For people to look at: what is odd in it is left out, and never costs the agent its leases."""
    if not isinstance(told, dict):
        return {}
    try:
        if len(orjson.dumps(told)) > MOST_LOAD:
            return {}
    except TypeError:  # a number that no database holds
        return {}
    if told.get("blocked"):
        told = told | {"blocked": [each.as_json() for each in blocked.read(told["blocked"])]}
    if "gpus" in told:
        told = told | {"gpus": [each for each in _rows(told["gpus"]) if _names_a_gpu(each)]}
    load: dict[str, Any] = storable.json(clocks.compared(told, now=timezone.now()))
    return load


def _rows(told: Any) -> list[dict[str, Any]]:
    return [each for each in told if isinstance(each, dict)] if isinstance(told, list) else []


def _names_a_gpu(told: dict[str, Any]) -> bool:
    index = told.get("index")
    return isinstance(index, int) and not isinstance(index, bool) and index >= 0


def finish_report(body: Any) -> finishing.Report:
    """Raises Invalid naming the field that cannot be meant."""
    if not isinstance(body, dict):
        raise Invalid("the body must be a JSON object")
    worker_id, message = body.get("worker_id"), body.get("error_message") or ""
    if not isinstance(worker_id, str) or not worker_id or len(worker_id) > 128:
        raise _refusal("worker_id", "a worker's name")
    if body.get("outcome") not in Outcome.values:
        raise _refusal("outcome", f"one of {', '.join(Outcome.values)}")
    if not isinstance(message, str):
        raise _refusal("error_message", "a text")
    for name in ("oom", "started"):
        if not isinstance(body.get(name, False), bool):
            raise _refusal(name, "true or false")
    return finishing.Report(
        worker_id,
        Outcome(body["outcome"]),
        _whole_or_none(body, "exit_code", least=-(2**31), most=2**31 - 1),
        _whole_or_none(body, "signal", least=1, most=128),
        storable.text(message),
        oom=body.get("oom", False),
        started=body.get("started", True),
    )


def _whole_or_none(body: dict[str, Any], name: str, *, least: int, most: int) -> int | None:
    value = body.get(name)
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise _refusal(name, f"a whole number from {least} to {most}")
    return value


def _refusal(name: str, wanted: str) -> Invalid:
    return Invalid(f"{name} must be {wanted}", fields={name: [f"must be {wanted}"]})


def _entry(entry: Any) -> tuple[Pair, bool]:
    if not isinstance(entry, dict):
        raise _refusal("running", 'a list of {"job_id", "attempt"}')
    pair = (_whole(entry.get("job_id"), "running"), _whole(entry.get("attempt"), "running"))
    return pair, entry.get("cancelling") is True


def _whole(value: Any, name: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 2**63:
        raise _refusal(name, "made of whole numbers")
    return value


def _items(body: dict[str, Any], name: str) -> list[Any]:
    value = body.get(name, [])
    if not isinstance(value, list) or len(value) > 10_000:
        raise _refusal(name, "a list")
    return value


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name, "")
    if not isinstance(value, str) or len(value) > 64 or "\0" in value:
        raise _refusal(name, "a text of at most 64 characters")
    return value


def _number(body: dict[str, Any], name: str, default: float, *, least: int, most: int) -> float:
    value = body.get(name, default)
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not least <= value <= most:
        raise _refusal(name, f"a number from {least} to {most}")
    return float(value)
