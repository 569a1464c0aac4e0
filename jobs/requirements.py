"""Needs of jobs, deduplicated, and kept in memory: a row never changes."""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass

from django.db import connection

from jobs.models import Requirement
from jobs.models.requirement import COMMAND


@dataclass(frozen=True, slots=True)
class Needs:
    """What a job asks of a worker, and for whom. `gpus=None`: one slot, GPU or not; memory in MiB, of each GPU."""

    gpus: int | None = None
    min_memory_mb: int = 0
    gpu_model: str = ""
    tags: tuple[str, ...] = ()
    kind: str = COMMAND
    project: str = ""
    user: str = ""


def requirement_for(needs: Needs) -> Requirement:
    """The row for these needs, made if it is the first of its kind."""
    told = asdict(needs) | {"tags": sorted(set(needs.tags))}
    digest = hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
    row, _ = Requirement.objects.get_or_create(digest=digest, defaults=told)
    return row


_known: dict[tuple[str, int], Requirement] = {}
MOST_KNOWN = 10_000


def by_id(ids: Iterable[int]) -> dict[int, Requirement]:
    """These rows, from memory where they were read before."""
    database = str(connection.settings_dict["NAME"])
    wanted = list(ids)
    missing = [pk for pk in wanted if (database, pk) not in _known]
    if missing:
        if len(_known) > MOST_KNOWN:
            _known.clear()
            missing = wanted
        for row in Requirement.objects.filter(pk__in=missing):
            _known[database, row.pk] = row
    return {pk: _known[database, pk] for pk in wanted}


def forget() -> None:
    """For tests, whose databases are emptied and number their rows anew."""
    _known.clear()
