"""Models that runs log, as MLflow 3 keeps them: a row beside the run, and files among the run's artifacts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import uuid4

from django.db import transaction

from mlflow_api import answers, experiments, tracking
from mlflow_api.filters.language import Comparison, parse
from mlflow_api.models import Experiment, LoggedModel
from mlflow_api.refusals import invalid, missing
from mlflow_api.searching import Page, read_token
from mlflow_api.states import milliseconds
from runs.api.pages import write
from runs.models import Run

STATUSES = ("LOGGED_MODEL_PENDING", "LOGGED_MODEL_READY", "LOGGED_MODEL_UPLOAD_FAILED")
LISTING = "mlflow-models"
FIELDS = {
    "name": "name",
    "model_id": "model_id",
    "model_type": "model_type",
    "status": "status",
    "source_run_id": "run__key",
}
MOST_METRICS = 1000


def create(run: Run, name: str, told: dict[str, Any], *, now: datetime) -> LoggedModel:
    """A model that waits for its files."""
    return LoggedModel.objects.create(
        model_id=f"m-{uuid4().hex}",
        run=run,
        name=name,
        status=STATUSES[0],
        created_at=now,
        updated_at=now,
        **told,
    )


def get(model_id: str) -> LoggedModel:
    """Raises Refusal."""
    found = LoggedModel.objects.select_related("run").filter(model_id=model_id, deleted_at=None)
    model = found.first()
    if model is None:
        raise missing(f"Logged model with ID '{model_id[:80]}' not found.")
    return model


@transaction.atomic
def change(model_id: str, *, now: datetime, **told: Any) -> LoggedModel:
    """Another status, or entries that are added to params, tags or metrics."""
    LoggedModel.objects.select_for_update().filter(model_id=model_id).first()
    model = get(model_id)
    for name, value in told.items():
        fresh = getattr(model, name) | value if isinstance(value, dict) else value
        setattr(model, name, fresh)
    model.updated_at = now
    model.save()
    return model


@transaction.atomic
def delete_tag(model_id: str, key: str, *, now: datetime) -> LoggedModel:
    """Raises Refusal where there is none."""
    model = change(model_id, now=now)
    if key not in model.tags:
        raise missing(f"No tag with name: {key} in model with id {model_id}")
    model.tags.pop(key)
    model.save(update_fields=["tags"])
    return model


def take_metrics(
    model_ids: Sequence[str], metrics: Sequence[dict[str, Any]], *, now: datetime
) -> None:
    """Of the metrics that were logged for a model, the newest of each."""
    for model_id, told in zip(model_ids, metrics, strict=True):
        model = change(model_id, now=now, metrics={told["key"]: told})
        if len(model.metrics) > MOST_METRICS:
            raise invalid(f"A model has at most {MOST_METRICS} metrics.")


def search(chosen: Sequence[Experiment], text: str, *, limit: int, token: str) -> Page:
    """Models of these experiments, the newest first, that a filter of equalities finds."""
    found = LoggedModel.objects.select_related("run").filter(
        run__project__in=[each.project for each in chosen], run__trashed_at=None, deleted_at=None
    )
    for said in parse(text):
        found = found.filter(**{_field(said): said.value})
    begin = read_token(token, LISTING)
    rows = list(found.order_by("-id")[begin : begin + limit + 1])
    more = len(rows) > limit
    return Page(rows[:limit], write(LISTING, begin + limit) if more else None)


def _field(said: Comparison) -> str:
    known = said.name.kind == "attribute" and said.name.key in FIELDS
    if not known or said.sign != "=" or not isinstance(said.value, str):
        raise invalid(
            f"Invalid filter: logged models are found by {', '.join(FIELDS)}, each = 'a text'."
        )
    return FIELDS[said.name.key]


def models_json(models: Sequence[LoggedModel], *, now: datetime) -> list[dict[str, Any]]:
    of = experiments.of_projects({model.run.project for model in models}, now=now)
    return [_json(model, of[model.run.project]) for model in models]


def _json(model: LoggedModel, experiment: Experiment) -> dict[str, Any]:
    return {
        "info": {
            "model_id": model.model_id,
            "experiment_id": str(experiment.pk),
            "name": model.name,
            "model_type": model.model_type,
            "source_run_id": model.run.key,
            "status": model.status,
            "artifact_uri": f"{answers.artifact_uri(model.run)}/models/{model.model_id}",
            "creation_timestamp_ms": milliseconds(model.created_at),
            "last_updated_timestamp_ms": milliseconds(model.updated_at),
            "tags": answers.pairs(model.tags),
        },
        "data": {"params": answers.pairs(model.params), "metrics": list(model.metrics.values())},
    }


@transaction.atomic
def note(run: Run, name: str, entries: list[Any]) -> None:
    """Add what a run took in or brought forth: data sets, models. The same thing is noted once."""
    Run.objects.select_for_update().get(pk=run.pk)
    tracked = tracking.tracked(tracking.get(run.key))
    there = getattr(tracked, name)
    there += [entry for entry in entries if entry not in there]
    tracked.save()
