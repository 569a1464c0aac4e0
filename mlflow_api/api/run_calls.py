"""Runs and what is logged to them: `/api/2.0/mlflow/runs/…`, `/metrics/…`."""

from typing import Any

from django.utils import timezone

from mlflow_api import answers, experiments, logged_models, metrics, searching, tracking
from mlflow_api.api import fields
from mlflow_api.api.body import Body
from mlflow_api.api.calls import Call
from mlflow_api.refusals import invalid
from mlflow_api.states import WORDS, moment
from runs.api.pages import write
from runs.models import Run

MOST_EXPERIMENTS = 1000
PAGE = 500  # runs of an answer; a page token leads to the rest
MOST = 50_000
HISTORY = 25_000
MOST_IN_ALL = 1000


def create(call: Call) -> dict[str, Any]:
    now = timezone.now()
    experiment = experiments.get(call.body.text("experiment_id", most=80, default="0"), now=now)
    began = call.body.whole("start_time", default=0)
    wish = tracking.Wish(
        name=call.body.text("run_name", most=fields.NAME, default=""),
        user=call.body.text("user_id", most=256, default=""),
        started_at=moment(began) if began else None,
        tags=fields.tags(call.body),
    )
    run = tracking.create(experiment, wish, now=now)
    return _told(run)


def _told(run: Run) -> dict[str, Any]:
    return {"run": answers.run_json(tracking.get(run.key), now=timezone.now())}


def _to_write(body: Body, *, content: bool = True) -> Run:
    return tracking.to_write(fields.run_id(body), content=content)


def get(call: Call) -> dict[str, Any]:
    return _told(tracking.get(fields.run_id(call.body)))


def update(call: Call) -> dict[str, Any]:
    now = timezone.now()
    ended = call.body.whole("end_time", default=0)
    run = tracking.update(
        _to_write(call.body),
        status=call.body.among("status", WORDS),
        ended_at=moment(ended) if ended else None,
        name=call.body.text("run_name", most=fields.NAME, default=""),
        now=now,
    )
    experiment = experiments.of_projects([run.project], now=now)[run.project]
    return {"run_info": answers.info_json(run, experiment)}


def delete(call: Call) -> dict[str, Any]:
    run = tracking.get(fields.run_id(call.body))
    tracking.set_deleted(run, deleted=True, by=call.principal, now=timezone.now())
    return {}


def restore(call: Call) -> dict[str, Any]:
    run = tracking.get(fields.run_id(call.body))
    tracking.set_deleted(run, deleted=False, by=call.principal, now=timezone.now())
    return {}


def search(call: Call) -> dict[str, Any]:
    now = timezone.now()
    ids = call.body.texts("experiment_ids", most=MOST_EXPERIMENTS, longest=fields.ID)
    wish = searching.Wish(
        text=call.body.text("filter", most=100_000, default=""),
        order_by=fields.order_by(call.body),
        view=fields.view(call.body, "run_view_type"),
        limit=call.body.limit("max_results", default=1000, most=MOST, cap=PAGE),
        token=call.body.text("page_token", most=1000, default=""),
    )
    found = searching.search_runs(experiments.among(ids, now=now), wish)
    return fields.page("runs", answers.runs_json(found.rows, now=now), found.token)


def log_metric(call: Call) -> dict[str, Any]:
    run = _to_write(call.body)
    _log_metrics(run, [call.body])
    return {}


def _log_metrics(run: Run, given: list[Body]) -> None:
    found = [fields.metric(each) for each in given]
    metrics.log(run, found)
    of_models = [
        (each.text("model_id", most=fields.ID), answers.metric_json(metric) | _origin(each, run))
        for each, metric in zip(given, found, strict=True)
        if each.raw("model_id")
    ]
    if of_models:
        ids, told = zip(*of_models, strict=True)
        logged_models.take_metrics(ids, told, now=timezone.now())


def _origin(body: Body, run: Run) -> dict[str, str]:
    """Of a model's metric: its run, and the data set that it was measured on."""
    names = [name for name in ("dataset_name", "dataset_digest") if body.raw(name)]
    return {"run_id": run.key} | {name: body.text(name, most=fields.NAME) for name in names}


def log_param(call: Call) -> dict[str, Any]:
    tracking.log_params(_to_write(call.body), [fields.param(call.body)])
    return {}


def log_batch(call: Call) -> dict[str, Any]:
    """Parameters first: where one of them contradicts, nothing of the batch is kept."""
    run = _to_write(call.body)
    given = call.body.items("metrics", most=fields.MOST_METRICS)
    params, tags = fields.params(call.body), fields.tags(call.body)
    if len(given) + len(params) + len(tags) > MOST_IN_ALL:
        raise invalid(f"A batch logging request can contain at most {MOST_IN_ALL} entries.")
    for each in given:
        fields.metric(each)
    tracking.log_params(run, params)
    if given:
        _log_metrics(run, given)
    tracking.set_tags(run, tags)
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    tag = (
        call.body.named("key", most=fields.KEY),
        call.body.cut("value", most=fields.TAG_VALUE),
    )
    tracking.set_tags(_to_write(call.body, content=False), dict([tag]))
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    run = _to_write(call.body, content=False)
    tracking.delete_tag(run, call.body.text("key", most=fields.KEY))
    return {}


def get_history(call: Call) -> dict[str, Any]:
    run = tracking.get(fields.run_id(call.body))
    listing = "mlflow-history"
    begin = searching.read_token(call.body.text("page_token", most=1000, default=""), listing)
    limit = call.body.limit("max_results", default=HISTORY, most=2**31, cap=HISTORY)
    key = call.body.text("metric_key", most=fields.KEY)
    found, more = metrics.history(run, key, begin=begin, limit=limit)
    token = write(listing, begin + limit) if more else None
    return fields.page("metrics", [answers.metric_json(each) for each in found], token)
