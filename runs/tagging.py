"""Words on many runs at once: tags put on and taken off, runs moved to another project. Batches, each run alone."""

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from runs import annotating, selectors
from runs.annotating import Change
from runs.batches import parts
from runs.errors import DomainError, Forbidden, InTrash, Invalid, NotFound
from runs.models import Run
from runs.trash import Moved
from whirr_site.access.principals import Principal

AT_ONCE = 500  # runs of one look


def tag(keys: Iterable[str], tag: str, *, by: Principal, now: datetime) -> Moved:
    """Put a tag on these runs; one that has it stays as it is. Raises Invalid for a tag that is none."""
    word = _one(tag)
    return _each(
        keys,
        lambda run: None if word in run.tags else Change(tags=[*run.tags, word]),
        by=by,
        now=now,
    )


def untag(keys: Iterable[str], tag: str, *, by: Principal, now: datetime) -> Moved:
    """Take a tag off these runs; one that has it not stays as it is. Raises Invalid."""
    word = _one(tag)
    return _each(
        keys,
        lambda run: (
            Change(tags=[each for each in run.tags if each != word]) if word in run.tags else None
        ),
        by=by,
        now=now,
    )


def move(keys: Iterable[str], project: str, *, by: Principal, now: datetime) -> Moved:
    """Move these runs to a project; empty: to none. Raises Invalid."""
    if len(project) > annotating.PROJECT_LONGEST:
        raise Invalid(
            f"the project may have {annotating.PROJECT_LONGEST} characters, not {len(project)}"
        )
    return _each(
        keys,
        lambda run: None if run.project == project.strip() else Change(project=project),
        by=by,
        now=now,
    )


def rehearse(keys: Iterable[str], *, by: Principal, moving: bool = False) -> Moved:
    """Which of these runs could be described (or with `moving` moved), whatever will be said of them; changes none."""
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        found = {run.key: run for run in selectors.known(some).defer("config", "summary", "notes")}
        for key in some:
            try:
                run = fit(found, key, by)
                if moving:
                    annotating.check_move(by, run)
            except DomainError as refused:
                moved.refused.append((key, refused))
            else:
                moved.keys.append(key)
    return moved


def _one(tag: str) -> str:
    (word,) = annotating.checked_tags([tag])
    return word


def _each(
    keys: Iterable[str], change: Callable[[Run], Change | None], *, by: Principal, now: datetime
) -> Moved:
    """Change run by run, each in a transaction of its own: what is refused of one does not undo the others."""
    moved = Moved()
    for some in parts(dict.fromkeys(keys), AT_ONCE):
        found = {run.key: run for run in selectors.known(some)}
        for key in some:
            try:
                _change(found, key, change, by=by, now=now)
            except DomainError as refused:
                moved.refused.append((key, refused))
            else:
                moved.keys.append(key)
    return moved


def _change(
    found: dict[str, Run],
    key: str,
    change: Callable[[Run], Change | None],
    *,
    by: Principal,
    now: datetime,
) -> None:
    if change(fit(found, key, by)) is None:
        return
    with transaction.atomic():
        # Read again under the lock: tags are replaced as a whole, and somebody else may have put one on meanwhile.
        fresh = Run.objects.select_for_update().get(pk=found[key].pk)
        told = change(fresh)
        if told is not None:
            annotating.annotate(key, told, by=by, now=now)


def fit(found: dict[str, Run], key: str, by: Principal) -> Run:
    """The run, where it may be described; nobody sees on the page of runs what is in the trash."""
    if key not in found:
        raise NotFound(f"there is no run {key[:100]}")
    if not annotating.may_annotate(by):
        raise Forbidden("describing runs needs the role “submit”")
    if found[key].trashed_at is not None:
        raise InTrash(f"{key} is in the trash")
    return found[key]
