"""What several calls have in common: limits as MLflow sets them, and the shapes of pages and lists."""

from typing import Any

from mlflow_api.api.body import Body
from mlflow_api.metrics import Metric, stored_name
from mlflow_api.models import KEY
from mlflow_api.states import moment

ID = 80
NAME = 500
PARAM_VALUE = 6000
TAG_VALUE = 8000
EXPERIMENT_TAG_VALUE = 20_000
MOST_TAGS = 100
MOST_PARAMS = 100
MOST_METRICS = 1000
VIEWS = ("ACTIVE_ONLY", "DELETED_ONLY", "ALL")

__all__ = ["KEY", "Metric"]


def run_id(body: Body) -> str:
    """The id of a run, under its name of today or of old."""
    name = "run_id" if body.raw("run_id") else "run_uuid"
    return body.text(name, most=ID) if body.raw(name) else body.text("run_id", most=ID)


def tags(body: Body) -> dict[str, str]:
    """Of two with the same key the last one holds. What is too long is cut, as in MLflow."""
    given = body.items("tags", most=MOST_TAGS)
    return {each.named("key", most=KEY): each.cut("value", most=TAG_VALUE) for each in given}


def params(body: Body) -> list[tuple[str, str]]:
    return [param(each) for each in body.items("params", most=MOST_PARAMS)]


def param(body: Body) -> tuple[str, str]:
    return body.named("key", most=KEY), body.cut("value", most=PARAM_VALUE)


def metric(body: Body) -> Metric:
    """A point, if it can be stored."""
    found = Metric(
        key=body.named("key", most=KEY),
        value=body.number("value"),
        at=body.whole("timestamp"),
        step=body.whole("step", default=0),
    )
    moment(found.at)
    stored_name(found.key)
    return found


def view(body: Body, name: str) -> str:
    return body.among(name, VIEWS, default=VIEWS[0])


def order_by(body: Body) -> list[str]:
    return body.texts("order_by", most=10, longest=1000)


def page(name: str, rows: list[Any], token: str | None) -> dict[str, Any]:
    """A list, and where it goes on."""
    return {name: rows} | ({"next_page_token": token} if token else {})
