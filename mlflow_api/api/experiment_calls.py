"""Experiments: `/api/2.0/mlflow/experiments/…`."""

from typing import Any

from django.utils import timezone

from mlflow_api import answers, experiments, searching
from mlflow_api.api.body import Body
from mlflow_api.api.calls import Call
from mlflow_api.api.fields import (
    EXPERIMENT_TAG_VALUE,
    ID,
    KEY,
    NAME,
    order_by,
    page,
    tags,
    view,
)
from mlflow_api.models import Experiment

PAGE = 1000  # experiments of an answer; a page token leads to the rest
MOST = 50_000


def _experiment(body: Body) -> Experiment:
    return experiments.get(body.text("experiment_id", most=ID), now=timezone.now())


def _told(experiment: Experiment) -> dict[str, Any]:
    return {"experiment": answers.experiments_json([experiment])[0]}


def create(call: Call) -> dict[str, Any]:
    """An `artifact_location` is not looked at: artifacts go to this server."""
    made = experiments.create(
        call.body.text("name", most=NAME), tags(call.body), now=timezone.now()
    )
    return {"experiment_id": str(made.pk)}


def get(call: Call) -> dict[str, Any]:
    return _told(_experiment(call.body))


def get_by_name(call: Call) -> dict[str, Any]:
    name = call.body.text("experiment_name", most=NAME)
    return _told(experiments.named(name, now=timezone.now()))


def search(call: Call) -> dict[str, Any]:
    experiments.take_note(now=timezone.now())
    wish = searching.Wish(
        text=call.body.text("filter", most=100_000, default=""),
        order_by=order_by(call.body),
        view=view(call.body, "view_type"),
        limit=call.body.limit("max_results", default=PAGE, most=MOST, cap=PAGE),
        token=call.body.text("page_token", most=1000, default=""),
    )
    found = searching.search_experiments(wish)
    return page("experiments", answers.experiments_json(found.rows), found.token)


def update(call: Call) -> dict[str, Any]:
    name = call.body.text("new_name", most=NAME)
    experiments.rename(_experiment(call.body), name, now=timezone.now())
    return {}


def delete(call: Call) -> dict[str, Any]:
    experiments.set_deleted(_experiment(call.body), deleted=True, now=timezone.now())
    return {}


def restore(call: Call) -> dict[str, Any]:
    experiments.set_deleted(_experiment(call.body), deleted=False, now=timezone.now())
    return {}


def set_tag(call: Call) -> dict[str, Any]:
    key, value = call.body.named("key", most=KEY), call.body.cut("value", most=EXPERIMENT_TAG_VALUE)
    experiments.set_tag(_experiment(call.body), key, value, now=timezone.now())
    return {}


def delete_tag(call: Call) -> dict[str, Any]:
    experiments.delete_tag(_experiment(call.body), call.body.text("key", most=KEY))
    return {}
