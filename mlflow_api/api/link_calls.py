"""What runs took in and brought forth: data sets and models."""

import json
from typing import Any

from django.db import transaction
from django.utils import timezone

from mlflow_api import experiments, logged_models, tracking
from mlflow_api.api import fields
from mlflow_api.api.body import Body
from mlflow_api.api.calls import Call
from mlflow_api.models import LoggedModel, RunTag
from mlflow_api.refusals import invalid
from runs.models import Run

MOST = 100  # data sets of a request; parameters and tags of a model
MOST_MODELS = 1000
PAGE = 100
DATASET = {
    "name": 500,
    "digest": 36,
    "source_type": 36,
    "source": 65_535,
    "schema": 1_048_575,
    "profile": 16_777_215,
}
LEGACY_TAG = "mlflow.log-model.history"
LEGACY_MOST = 100


def log_inputs(call: Call) -> dict[str, Any]:
    run = tracking.to_write(fields.run_id(call.body))
    logged_models.note(run, "inputs", [_dataset(b) for b in call.body.items("datasets", most=MOST)])
    logged_models.note(run, "models_in", _models(call.body))
    return {}


def log_outputs(call: Call) -> dict[str, Any]:
    run = tracking.to_write(fields.run_id(call.body))
    logged_models.note(run, "models_out", _models(call.body))
    return {}


def _models(body: Body) -> list[dict[str, Any]]:
    found = []
    for each in body.items("models", most=MOST):
        step = {} if each.raw("step") is None else {"step": each.whole("step")}
        found.append({"model_id": each.text("model_id", most=fields.ID)} | step)
    return found


def _dataset(body: Body) -> dict[str, Any]:
    told = body.raw("dataset")
    if not isinstance(told, dict):
        raise invalid("Missing value for required parameter 'dataset'.")
    dataset = Body(told)
    known = {name: dataset.text(name, most=DATASET[name], default="") for name in DATASET}
    if not known["name"] or not known["digest"]:
        raise invalid("A dataset needs a 'name' and a 'digest'.")
    tags = [
        {"key": tag.named("key", most=255), "value": tag.text("value", most=500, default="")}
        for tag in body.items("tags", most=MOST)
    ]
    return {"dataset": {name: text for name, text in known.items() if text}, "tags": tags}


def log_model(call: Call) -> dict[str, Any]:
    """As clients before MLflow 3 say it: a list of models in a tag."""
    run = tracking.to_write(fields.run_id(call.body))
    try:
        model = json.loads(call.body.text("model_json", most=1_000_000))
    except (ValueError, RecursionError):
        model = None
    if not isinstance(model, dict) or not {"artifact_path", "flavors"} <= set(model):
        raise invalid("'model_json' has to be a JSON object with artifact_path and flavors.")
    _add_to_history(run, model)
    return {}


@transaction.atomic
def _add_to_history(run: Run, model: dict[str, Any]) -> None:
    Run.objects.select_for_update().get(pk=run.pk)
    there = RunTag.objects.filter(run=run, key=LEGACY_TAG).first()
    known = json.loads(there.value) if there else []
    if len(known) == LEGACY_MOST:
        raise invalid(f"A run has at most {LEGACY_MOST} models.")
    tracking.set_tags(run, {LEGACY_TAG: json.dumps([*known, model])})


def _told(model: LoggedModel) -> dict[str, Any]:
    return {"model": logged_models.models_json([model], now=timezone.now())[0]}


def create(call: Call) -> dict[str, Any]:
    if not (run_id := call.body.text("source_run_id", most=fields.ID, default="")):
        raise invalid(
            "A logged model needs a run here ('source_run_id'): its files are kept there."
        )
    run = tracking.to_write(run_id)
    told = {
        "model_type": call.body.text("model_type", most=500, default=""),
        "params": dict(fields.param(each) for each in call.body.items("params", most=MOST)),
        "tags": fields.tags(call.body),
    }
    name = call.body.text("name", most=500, default="") or "model"
    return _told(logged_models.create(run, name, told, now=timezone.now()))


def get(call: Call) -> dict[str, Any]:
    return _told(logged_models.get(call.path["model_id"]))


def finalize(call: Call) -> dict[str, Any]:
    words = logged_models.STATUSES
    status = call.body.among("status", words)
    if not status:
        raise invalid("Missing value for required parameter 'status'.")
    return _told(logged_models.change(call.path["model_id"], now=timezone.now(), status=status))


def delete(call: Call) -> dict[str, Any]:
    now = timezone.now()
    logged_models.change(call.path["model_id"], now=now, deleted_at=now)
    return {}


def log_params(call: Call) -> dict[str, Any]:
    told = dict(fields.param(each) for each in call.body.items("params", most=MOST))
    logged_models.change(call.path["model_id"], now=timezone.now(), params=told)
    return {}


def set_tags(call: Call) -> dict[str, Any]:
    tags = fields.tags(call.body)
    return _told(logged_models.change(call.path["model_id"], now=timezone.now(), tags=tags))


def delete_tag(call: Call) -> dict[str, Any]:
    logged_models.delete_tag(call.path["model_id"], call.path["key"], now=timezone.now())
    return {}


def search(call: Call) -> dict[str, Any]:
    now = timezone.now()
    if call.body.raw("datasets"):
        raise invalid("Logged models cannot be searched by data sets here.")
    ids = call.body.texts("experiment_ids", most=MOST_MODELS, longest=fields.ID)
    found = logged_models.search(
        experiments.among(ids, now=now),
        call.body.text("filter", most=100_000, default=""),
        limit=call.body.limit("max_results", default=PAGE, most=50_000, cap=PAGE),
        token=call.body.text("page_token", most=1000, default=""),
    )
    models = logged_models.models_json(found.rows, now=now)
    return fields.page("models", models, found.token)
