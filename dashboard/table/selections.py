"""Runs that somebody chose, too many for an address: kept under a key that is made from their ids."""

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import QueryDict
from django.utils import timezone

from dashboard.models import Page, SavedView, Selection
from runs import selectors, storage
from runs.errors import Invalid, NotFound

MOST = 10_000
KEY_LONGEST = 16
FORGOTTEN_AFTER = timedelta(days=30)  # without use
NOTED_EVERY = timedelta(days=1)  # a use
FORGOTTEN = 100  # of one call


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
    _forget(now)
    defaults = {"runs": ids, "created_at": now, "used_at": now}
    told, made = Selection.objects.get_or_create(key=key, defaults=defaults)
    if not made:
        _used(told, now)
    return told


def runs_of(key: str) -> list[str]:
    """The ids under a key, which is used by that. Raises NotFound."""
    found = Selection.objects.filter(key=key[:KEY_LONGEST]).first()
    if found is None:
        raise NotFound(f"there is no selection {key[:KEY_LONGEST]!r}: choose the runs again")
    _used(found, timezone.now())
    return list(dict.fromkeys(map(str, found.runs))) if isinstance(found.runs, list) else []


def _used(selection: Selection, now: datetime) -> None:
    if selection.used_at < now - NOTED_EVERY:
        Selection.objects.filter(pk=selection.pk).update(used_at=now)


def _forget(now: datetime) -> None:
    """Whoever keeps a selection takes away some that nobody uses: there are never many more than are used."""
    old = Selection.objects.filter(used_at__lt=now - FORGOTTEN_AFTER).exclude(key__in=_saved())
    some = old.order_by("used_at").values_list("pk", flat=True)[:FORGOTTEN]
    Selection.objects.filter(pk__in=list(some)).delete()


def _saved() -> list[str]:
    """Keys of selections that saved views of the compare page lead to."""
    views = SavedView.objects.filter(page=Page.COMPARE, query__contains="sel=")
    return [QueryDict(query).get("sel", "") for query in views.values_list("query", flat=True)]


def still_there(ids: Sequence[str]) -> list[str]:
    """Those of the runs that exist, outside the trash."""
    there = set(selectors.runs().filter(key__in=ids).values_list("key", flat=True))
    return [each for each in ids if each in there]
