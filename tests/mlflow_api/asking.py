"""Calls as an MLflow client makes them, without the client."""

import json
from typing import Any

from tests.site.asking import owner

V2 = "/api/2.0/mlflow"
FILES = "/api/2.0/mlflow-artifacts/artifacts"
TIME = 1_893_499_200_000  # 2030-01-01 12:00 UTC in milliseconds


def answer(method: str, name: str, body: Any = None) -> Any:
    """Django's answer to a call."""
    client = owner(raise_request_exception=False)
    if method == "GET":
        return client.get(f"{V2}/{name}", body or {})
    return client.generic(
        method, f"{V2}/{name}", body if isinstance(body, bytes) else _json(body), "application/json"
    )


def _json(body: Any) -> bytes:
    return json.dumps({} if body is None else body).encode()


def get(name: str, /, **query: Any) -> Any:
    """What a call with GET tells."""
    found = answer("GET", name, query)
    assert found.status_code == 200, found.content
    return found.json()


def post(name: str, /, **body: Any) -> Any:
    """What a call with POST tells."""
    found = answer("POST", name, body)
    assert found.status_code == 200, found.content
    return found.json()


def refused(method: str, name: str, body: Any = None) -> tuple[int, str]:
    """Status and MLflow's code of a refusal, which has to have MLflow's shape."""
    found = answer(method, name, body)
    told = found.json()
    assert isinstance(told["message"], str), told
    assert told["message"]
    return found.status_code, told["error_code"]


INVALID = (400, "INVALID_PARAMETER_VALUE")
MISSING = (404, "RESOURCE_DOES_NOT_EXIST")


def new_experiment(name: str = "vision") -> str:
    return str(post("experiments/create", name=name)["experiment_id"])


def new_run(experiment_id: str = "0", **told: Any) -> str:
    """The id of a run."""
    run = post("runs/create", experiment_id=experiment_id, start_time=TIME, **told)["run"]
    return str(run["info"]["run_id"])


def log(run_id: str, key: str, *values: Any, step: int = 0) -> None:
    """Points of one metric, a step each."""
    told = [
        {"key": key, "value": value, "timestamp": TIME + number, "step": step + number}
        for number, value in enumerate(values)
    ]
    post("runs/log-batch", run_id=run_id, metrics=told)


def run(run_id: str) -> Any:
    return get("runs/get", run_id=run_id)["run"]


def values(run_id: str, kind: str) -> dict[str, Any]:
    """Metrics, params or tags by their keys."""
    return {each["key"]: each["value"] for each in run(run_id)["data"][kind]}


def found(*experiment_ids: str, **wish: Any) -> list[str]:
    """The ids of the runs that a search finds, in its order."""
    told = post("runs/search", experiment_ids=list(experiment_ids), **wish)["runs"]
    return [each["info"]["run_id"] for each in told]
