"""The life of a run that an MLflow client makes: an ordinary direct run, whose files the server itself writes."""

import json
import secrets
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from mlflow_api.models import Experiment, Param, RunTag, TrackedRun
from mlflow_api.refusals import Refusal, invalid, missing
from mlflow_api.states import OURS
from runs import archiving, documents, feed, run_file, selectors, trash
from runs.errors import Forbidden
from runs.models import Run, RunKind
from whirr_site.access.principals import Principal

NAME_TAG = "mlflow.runName"
USER_TAG = "mlflow.user"
SYSTEM = "mlflow."  # what the tags of MLflow itself begin with
SHOWN = 100  # characters of a tag in our pages
TRIES = 5


@dataclass(frozen=True, slots=True)
class Wish:
    """What a client says of the run that it wants."""

    name: str = ""
    user: str = ""
    started_at: datetime | None = None
    tags: dict[str, str] = field(default_factory=dict)


def create(experiment: Experiment, wish: Wish, *, now: datetime) -> Run:
    """A running run. Its name is also a tag, as in MLflow."""
    if experiment.deleted_at:
        raise invalid(f"The experiment {experiment.pk} must be in the 'active' state.")
    name = wish.name or wish.tags.get(NAME_TAG, "")
    tags = wish.tags | ({NAME_TAG: name} if name else {})
    values = {
        "kind": RunKind.DIRECT,
        "status": OURS["RUNNING"],
        "attempt": 1,
        "project": experiment.project,
        "name": name[:255],
        "user": (wish.user or tags.get(USER_TAG, ""))[:150],
        "created_at": now,
        "started_at": wish.started_at or now,
        "tags": shown(tags),
    }
    run = _with_a_key(values, now=now)
    RunTag.objects.bulk_create([RunTag(run=run, key=key, value=tags[key]) for key in tags])
    return run


@transaction.atomic
def _with_a_key(values: dict[str, Any], *, now: datetime) -> Run:
    for _ in range(TRIES):
        key = f"local-{now:%Y%m%d-%H%M%S}-{secrets.token_hex(3)}"
        try:
            with transaction.atomic():
                run = Run.objects.create(key=key, **values)
                TrackedRun.objects.create(run=run, made_here=True)
                return run
        except IntegrityError:
            continue  # the same three bytes within the same second
    raise Refusal("TEMPORARILY_UNAVAILABLE", "No free run id was found; try again.")


def get(run_id: str) -> Run:
    """Any run of this server, by its id. Raises Refusal."""
    found = selectors.known([run_id]).select_related("mlflow").first()
    if found is None:
        raise missing(f"Run with id={run_id[:80]} not found")
    return found


def tracked(run: Run) -> TrackedRun:
    """What MLflow clients told of it; an unsaved row where that is nothing."""
    try:
        return run.mlflow
    except TrackedRun.DoesNotExist:
        return TrackedRun(run=run)


def to_write(run_id: str, *, content: bool = True) -> Run:
    """A run that may be changed: an active one, and for its `content` one that MLflow clients made. Raises Refusal."""
    run = get(run_id)
    note = tracked(run)
    if content and not note.made_here:
        raise invalid(
            f"Run {run.key} writes its own record (import whirr, or its job's agent); "
            "an MLflow client can read it and set tags."
        )
    if run.is_in_trash:
        raise invalid(f"The run {run.key} must be in the 'active' state. Current state is deleted.")
    return run


def set_deleted(run: Run, *, deleted: bool, by: Principal, now: datetime) -> None:
    """Move it to the trash, or take it back out of it. A running one goes too, as in MLflow, but for a job's.

    Raises Refusal.
    """
    discard = partial(trash.discard, now=now, even_running=True)
    moved = (discard if deleted else trash.restore)([run.key], by=by)
    for _, refused in moved.refused:
        code = "PERMISSION_DENIED" if isinstance(refused, Forbidden) else "INVALID_PARAMETER_VALUE"
        raise Refusal(code, refused.detail)


@transaction.atomic
def update(run: Run, *, status: str, ended_at: datetime | None, name: str, now: datetime) -> Run:
    """Another state or name; what is empty stays."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    if status:
        run.status = OURS[status]
        run.finished_at = (ended_at or now) if run.is_final else None
    elif ended_at and run.is_final:
        run.finished_at = ended_at
    if name:
        run.name = name[:255]
        _put_tags(run, {NAME_TAG: name})
    if not run.is_final:
        archiving.come_back([run.pk])
    run.save(update_fields=["status", "finished_at", "name"])
    run_file.write_later([run])  # also of one that goes on again: the file must not tell of an end
    feed.ring(feed.run_group(run.key), feed.QUEUE)
    return get(run.key)


@transaction.atomic
def set_tags(run: Run, tags: dict[str, str]) -> None:
    """Set, or set anew. A person's tags show in our pages, on runs that MLflow clients made."""
    if not tags:
        return
    run = Run.objects.select_for_update().get(pk=run.pk)
    _put_tags(run, tags)
    if name := tags.get(NAME_TAG):
        run.name = name[:255]
    _save(run)


@transaction.atomic
def delete_tag(run: Run, key: str) -> None:
    """Raises Refusal where there is none."""
    run = Run.objects.select_for_update().get(pk=run.pk)
    gone, _ = RunTag.objects.filter(run=run, key=key).delete()
    if not gone:
        raise missing(f"No tag with name: {key} in run with id {run.key}")
    _save(run)


def _put_tags(run: Run, tags: dict[str, str]) -> None:
    RunTag.objects.bulk_create(
        [RunTag(run=run, key=key, value=tags[key]) for key in tags],
        update_conflicts=True,
        unique_fields=["run", "key"],
        update_fields=["value"],
    )


def _save(run: Run) -> None:
    if tracked(run).made_here:
        run.tags = shown(dict(RunTag.objects.filter(run=run).values_list("key", "value")))
    run.save(update_fields=["name", "tags"])
    run_file.write_if_ended(run)
    feed.ring(feed.run_group(run.key))


def shown(tags: dict[str, str]) -> list[str]:
    """A person's tags as our pages show them; MLflow's own are kept apart."""
    return [
        (f"{key}={tags[key]}" if tags[key] else key)[:SHOWN]
        for key in sorted(tags)
        if not key.startswith(SYSTEM)
    ]


@transaction.atomic
def log_params(run: Run, params: list[tuple[str, str]]) -> None:
    """Parameters, which never change: to the letter, and as numbers where they are some in the run's config."""
    if not params:
        return
    run = Run.objects.select_for_update().get(pk=run.pk)
    wanted: dict[str, str] = {}
    known = dict(
        Param.objects.filter(run=run, key__in=[key for key, _ in params]).values_list(
            "key", "value"
        )
    )
    for key, value in params:
        before = known.get(key, wanted.get(key, value))
        if before != value:
            raise invalid(
                f"Changing param values is not allowed. Param with key='{key}' was already logged "
                f"with value='{before[:200]}' for run ID='{run.key}'. Attempted logging new value "
                f"'{value[:200]}'."
            )
        wanted[key] = value
    fresh = {key: value for key, value in wanted.items() if key not in known}
    Param.objects.bulk_create([Param(run=run, key=key, value=fresh[key]) for key in fresh])
    config = run.config | {key: typed(value) for key, value in fresh.items()}
    documents.put(run, run.attempt, "config.json", json.dumps(config).encode())


WORDS = {"True": True, "False": False, "None": None}


def typed(text: str) -> Any:
    """What `str` made this text of, if it is a number, a truth value or None; otherwise the text."""
    if text in WORDS:
        return WORDS[text]
    if len(text) > 30:
        return text
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text and abs(value) < 2**63:
            return value
    return text
