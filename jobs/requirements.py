"""Needs of jobs, deduplicated."""

import hashlib
import json

from jobs.models import Requirement


def requirement_for(*, gpus: int | None, min_memory_mb: int, tags: list[str]) -> Requirement:
    """The row for these needs, made if it is the first of its kind. `gpus=None`: one slot, GPU or not."""
    needs = {"gpus": gpus, "min_memory_mb": min_memory_mb, "tags": sorted(set(tags))}
    digest = hashlib.sha256(json.dumps(needs, sort_keys=True).encode()).hexdigest()
    row, _ = Requirement.objects.get_or_create(digest=digest, defaults=needs)
    return row
