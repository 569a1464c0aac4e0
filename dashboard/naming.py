"""What to call runs that stand side by side: a sweep's runs share a name, so what differs is added."""

from collections import Counter
from collections.abc import Sequence

from dashboard import words
from dashboard.differences import differing, flat
from runs.models import Run

KEYS_NAMED = 3
LONGEST = 60


def labels(runs: Sequence[Run]) -> dict[str, str]:
    """A name for each run, by its id; the id itself where nothing else tells two runs apart."""
    names = {run.key: run.name or run.key for run in runs}
    if len(set(names.values())) == len(runs):
        return names
    configs = [flat(run.config) for run in runs]
    keys = differing(configs)[:KEYS_NAMED]
    given = {}
    for run, config in zip(runs, configs, strict=True):
        parts = [f"{key} {words.value(config[key])}" for key in keys if key in config]
        given[run.key] = " · ".join(
            [run.name or run.key, " ".join(parts)] if parts else [run.name or run.key]
        )
    counts = Counter(given.values())
    return {
        key: (f"{name} ({key})" if counts[name] > 1 and key not in name else name)[:LONGEST]
        for key, name in given.items()
    }
