"""What differs between the configs of some runs."""

from collections.abc import Sequence
from typing import Any

MISSING = object()
ARRAY_INDEX = "array_index"  # the sweep's own: it is another in every run, and says nothing

Config = dict[str, Any]


def flat(config: Config, prefix: str = "") -> Config:
    """Nested objects as dotted keys: {"opt": {"lr": 1}} is {"opt.lr": 1}."""
    out: Config = {}
    for key, value in config.items():
        if isinstance(value, dict) and value:
            out |= flat(value, f"{prefix}{key}.")
        else:
            out[f"{prefix}{key}"] = value
    return out


def differing(configs: Sequence[Config]) -> list[str]:
    """Keys that not all of these configs have with the same value, in the order in which they first appear."""
    keys = dict.fromkeys(key for config in configs for key in config)
    return [key for key in keys if _differ([config.get(key, MISSING) for config in configs])]


def telling(configs: Sequence[Config]) -> list[str]:
    """The same, best first: what most configs have, and of those what has most values. Places in an array tell none.

    Keys of some few configs come after all that at least half of them have and that take two values or more.
    """
    found = [key for key in differing(configs) if key != ARRAY_INDEX]
    return sorted(
        found, key=lambda key: _told_by([c[key] for c in configs if key in c], len(configs))
    )


def _told_by(values: Sequence[Any], runs: int) -> tuple[bool, int, int]:
    different = len({(type(value), repr(value)) for value in values})
    return 2 * len(values) < runs or different < 2, -len(values), -different


def _differ(values: Sequence[Any]) -> bool:
    first = values[0]
    return any(type(each) is not type(first) or each != first for each in values[1:])
