"""Runs and experiments as MLflow's REST API shows them."""

import json
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from mlflow_api import experiments, tracking
from mlflow_api.metrics import Metric, told_name
from mlflow_api.models import Experiment, ExperimentTag, Param, RunTag
from mlflow_api.states import STATUSES, milliseconds
from runs import selectors, storable
from runs.models import Run, RunStatus, Series

ROOT = (
    "mlflow-artifacts:/runs/"  # a client puts the address of our proxy in the place of the scheme
)

Json = dict[str, Any]


def artifact_uri(run: Run) -> str:
    """Where a client finds and puts the artifacts of a run."""
    return ROOT + run.key


def stage(*, deleted: bool) -> str:
    return "deleted" if deleted else "active"


def pairs(told: dict[str, str]) -> list[Json]:
    """Keys and values as MLflow lists them."""
    return [{"key": key, "value": value} for key, value in told.items()]


def metric_json(metric: Metric) -> Json:
    return {
        "key": metric.key,
        "value": storable.number(metric.value),
        "timestamp": metric.at,
        "step": metric.step,
    }


def experiments_json(found: Sequence[Experiment]) -> list[Json]:
    tags: dict[int, dict[str, str]] = defaultdict(dict)
    for each in ExperimentTag.objects.filter(experiment__in=found):
        tags[each.experiment_id][each.key] = each.value
    return [_experiment(each, tags[each.pk]) for each in found]


def _experiment(experiment: Experiment, tags: dict[str, str]) -> Json:
    return {
        "experiment_id": str(experiment.pk),
        "name": experiments.name_of(experiment),
        "artifact_location": ROOT.rstrip("/"),
        "lifecycle_stage": stage(deleted=experiment.deleted_at is not None),
        "creation_time": milliseconds(experiment.created_at),
        "last_update_time": milliseconds(experiment.updated_at),
        "tags": pairs(tags),
    }


def info_json(run: Run, experiment: Experiment) -> Json:
    """The head of a run. One without a name is called by its id."""
    deleted = run.trashed_at or experiment.deleted_at
    told = {
        "run_id": run.key,
        "run_uuid": run.key,
        "run_name": run.name or run.key,
        "experiment_id": str(experiment.pk),
        "user_id": run.user,
        "status": STATUSES[RunStatus(run.status)],
        "start_time": milliseconds(run.started_at or run.created_at),
        "artifact_uri": artifact_uri(run),
        "lifecycle_stage": stage(deleted=deleted is not None),
    }
    return told | ({"end_time": milliseconds(run.finished_at)} if run.finished_at else {})


def run_json(run: Run, *, now: datetime) -> Json:
    """One run with all that it holds."""
    return runs_json([run], now=now)[0]


def runs_json(runs: Sequence[Run], *, now: datetime) -> list[Json]:
    """Runs with all that they hold, in as many queries as for one."""
    of = experiments.of_projects({run.project for run in runs}, now=now)
    metrics = _metrics(runs)
    params, tags = _texts(Param, runs), _texts(RunTag, runs)
    return [
        {
            "info": info_json(run, of[run.project]),
            "data": {
                "metrics": metrics[run.pk],
                "params": pairs(_params(run, params[run.pk])),
                "tags": pairs(_tags(run, tags[run.pk])),
            },
            **_inputs(run),
        }
        for run in runs
    ]


def _metrics(runs: Sequence[Run]) -> dict[int, list[Json]]:
    """The value that was logged last of each metric of each run's newest attempt."""
    newest = {run.pk: run.attempt for run in runs}
    columns = ("run_id", "attempt", "key", "last", "last_time", "last_step")
    found: dict[int, list[Json]] = defaultdict(list)
    every = Series.objects.filter(run__in=newest, count__gt=0)
    series = selectors.of_first_writers(every).order_by("key")
    for run_id, attempt, key, last, at, step in series.values_list(*columns):
        if newest[run_id] == attempt:
            value = float("nan") if last is None else last
            found[run_id].append(metric_json(Metric(told_name(key), value, round(at * 1000), step)))
    return found


def _texts(model: type[Param] | type[RunTag], runs: Sequence[Run]) -> dict[int, dict[str, str]]:
    found: dict[int, dict[str, str]] = defaultdict(dict)
    rows = model._default_manager.filter(run__in=[run.pk for run in runs]).order_by("key")
    for run_id, key, value in rows.values_list("run_id", "key", "value"):
        found[run_id][key] = value
    return found


def _params(run: Run, params: dict[str, str]) -> dict[str, str]:
    """To the letter where a client logged them; otherwise what stands in the run's config."""
    if tracking.tracked(run).made_here:
        return params
    return {key: param_text(value) for key, value in run.config.items() if value is not None}


def param_text(value: Any) -> str:
    """A value of a config as MLflow would have been told it."""
    return json.dumps(value) if isinstance(value, (dict, list)) else str(value)


def _tags(run: Run, tags: dict[str, str]) -> dict[str, str]:
    """Besides what clients set: the name and the user, which clients look for among the tags, and whirr's own tags."""
    own = {tracking.NAME_TAG: run.name, tracking.USER_TAG: run.user}
    if not tracking.tracked(run).made_here and run.tags:
        own["whirr.tags"] = json.dumps(run.tags)
    return {key: value for key, value in own.items() if value} | tags


def _inputs(run: Run) -> Json:
    note = tracking.tracked(run)
    return {
        "inputs": {"dataset_inputs": note.inputs, "model_inputs": note.models_in},
        "outputs": {"model_outputs": note.models_out},
    }
