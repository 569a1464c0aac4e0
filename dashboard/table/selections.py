"""Runs that somebody chose, too many for an address: kept under a key that is made from their ids."""

import hashlib
from collections.abc import Sequence
from datetime import datetime

from dashboard.models import Selection
from runs import selectors, storage
from runs.errors import Invalid, NotFound

MOST = 10_000
KEY_LONGEST = 16


def keep(ids: Sequence[str], *, now: datetime) -> Selection:
    """Keep these runs in this order; the same runs have one key. Raises Invalid."""
    ids = list(dict.fromkeys(ids))
    if not ids:
        raise Invalid("name at least one run")
    if len(ids) > MOST:
        raise Invalid(
            f"a selection holds at most {MOST} runs, not {len(ids)}: use a filter instead"
        )
    strange = [each for each in ids if not storage.KEY.match(each)]
    if strange:
        raise Invalid(f"{strange[0][:64]!r} is no id of a run")
    key = hashlib.sha256("\n".join(ids).encode()).hexdigest()[:KEY_LONGEST]
    told, _ = Selection.objects.get_or_create(key=key, defaults={"runs": ids, "created_at": now})
    return told


def runs_of(key: str) -> list[str]:
    """The ids under a key. Raises NotFound."""
    found = Selection.objects.filter(key=key[:KEY_LONGEST]).first()
    if found is None:
        raise NotFound(f"there is no selection {key[:KEY_LONGEST]!r}: choose the runs again")
    return [str(each) for each in found.runs]


def still_there(ids: Sequence[str]) -> list[str]:
    """Those of the runs that exist, outside the trash."""
    there = set(selectors.runs().filter(key__in=ids).values_list("key", flat=True))
    return [each for each in ids if each in there]
