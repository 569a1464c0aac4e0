"""What differs between the configs of some runs."""

from collections.abc import Sequence
from typing import Any

MISSING = object()

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


def _differ(values: Sequence[Any]) -> bool:
    first = values[0]
    return any(type(each) is not type(first) or each != first for each in values[1:])
