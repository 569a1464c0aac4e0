"""Logged models, data sets, and what older clients say of a model."""

import json
from typing import Any

import pytest

from tests.mlflow_api.asking import (
    INVALID,
    MISSING,
    TIME,
    answer,
    get,
    new_experiment,
    new_run,
    post,
    refused,
    run,
    values,
)

pytestmark = pytest.mark.django_db


def new_model(run_id: str, name: str = "model", **told: Any) -> str:
    made = post("logged-models", source_run_id=run_id, name=name, **told)["model"]
    return str(made["info"]["model_id"])


def model(model_id: str) -> Any:
    return get(f"logged-models/{model_id}")["model"]


def test_a_model_lies_among_the_artifacts_of_its_run() -> None:
    experiment_id = new_experiment()
    run_id = new_run(experiment_id)
    params, tags = [{"key": "C", "value": "1.0"}], [{"key": "a", "value": "b"}]
    model_id = new_model(run_id, model_type="classifier", params=params, tags=tags)
    info, data = model(model_id)["info"], model(model_id)["data"]
    assert info["artifact_uri"] == f"mlflow-artifacts:/runs/{run_id}/models/{model_id}"
    assert (info["experiment_id"], info["source_run_id"]) == (experiment_id, run_id)
    assert (info["name"], info["model_type"]) == ("model", "classifier")
    assert info["status"] == "LOGGED_MODEL_PENDING"
    assert (data["params"], info["tags"]) == (params, tags)


def test_it_is_finished_described_and_deleted() -> None:
    model_id = new_model(new_run())
    assert answer("PATCH", f"logged-models/{model_id}", {"status": 2}).status_code == 200
    assert model(model_id)["info"]["status"] == "LOGGED_MODEL_READY"
    post(f"logged-models/{model_id}/params", params=[{"key": "C", "value": "1"}])
    assert model(model_id)["data"]["params"] == [{"key": "C", "value": "1"}]
    tags = {"tags": [{"key": "a/b", "value": "c"}]}
    assert answer("PATCH", f"logged-models/{model_id}/tags", tags).status_code == 200
    assert model(model_id)["info"]["tags"] == tags["tags"]
    assert answer("DELETE", f"logged-models/{model_id}/tags/a/b").status_code == 200
    assert model(model_id)["info"]["tags"] == []
    assert refused("DELETE", f"logged-models/{model_id}/tags/a/b") == MISSING
    assert answer("DELETE", f"logged-models/{model_id}").status_code == 200
    assert refused("GET", f"logged-models/{model_id}") == MISSING


def test_a_metric_of_a_model_is_kept_with_it_too() -> None:
    run_id = new_run()
    model_id = new_model(run_id)
    for value in (0.5, "NaN"):
        post(
            "runs/log-metric",
            run_id=run_id,
            key="acc",
            value=value,
            timestamp=TIME,
            model_id=model_id,
            dataset_name="iris",
        )
    (told,) = model(model_id)["data"]["metrics"]
    assert (told["key"], told["value"], told["dataset_name"]) == ("acc", "NaN", "iris")
    assert told["run_id"] == run_id
    assert values(run_id, "metrics") == {"acc": "NaN"}


def test_models_are_found_by_what_they_are() -> None:
    experiment_id = new_experiment()
    run_id = new_run(experiment_id)
    first, second = new_model(run_id, "a"), new_model(run_id, "b")
    new_model(new_run(), "a")

    def found(text: str = "", **more: Any) -> list[str]:
        body = {"experiment_ids": [experiment_id], "filter": text} | more
        told = post("logged-models/search", **body)["models"]
        return [each["info"]["model_id"] for each in told]

    assert found() == [second, first]
    assert found("name = 'a'") == [first]
    assert found(f"source_run_id = '{run_id}' and name = 'b'") == [second]
    page = post("logged-models/search", experiment_ids=[experiment_id], max_results=1)
    assert found(page_token=page["next_page_token"]) == [first]


def test_a_model_without_a_run_is_refused_with_the_reason() -> None:
    assert refused("POST", "logged-models", {"experiment_id": "0", "name": "m"}) == INVALID


def test_data_sets_and_models_of_a_run_come_back_once_each() -> None:
    run_id = new_run()
    dataset = {"name": "iris", "digest": "abc", "source_type": "code", "source": "{}"}
    told = {"dataset": dataset, "tags": [{"key": "mlflow.data.context", "value": "train"}]}
    for _ in range(2):
        post("runs/log-inputs", run_id=run_id, datasets=[told], models=[{"model_id": "m-1"}])
        post("runs/outputs", run_id=run_id, models=[{"model_id": "m-2", "step": "3"}])
    assert run(run_id)["inputs"] == {
        "dataset_inputs": [told],
        "model_inputs": [{"model_id": "m-1"}],
    }
    assert run(run_id)["outputs"] == {"model_outputs": [{"model_id": "m-2", "step": 3}]}


def test_older_clients_note_models_in_a_tag() -> None:
    run_id = new_run()
    models = [{"artifact_path": name, "flavors": {}} for name in "ab"]
    for each in models:
        post("runs/log-model", run_id=run_id, model_json=json.dumps(each))
    assert json.loads(values(run_id, "tags")["mlflow.log-model.history"]) == models


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("runs/log-inputs", {"datasets": [{"dataset": {"name": "x"}}]}),
        ("runs/log-inputs", {"datasets": [{}]}),
        ("runs/log-inputs", {"datasets": [{"dataset": "x"}]}),
        ("runs/log-inputs", {"datasets": [{"dataset": {"name": "x", "digest": "y" * 37}}]}),
        ("runs/log-inputs", {"models": [{}]}),
        ("runs/outputs", {"models": ["m"]}),
        ("runs/outputs", {"models": [{"model_id": "m", "step": "x"}]}),
        ("runs/log-model", {"model_json": "{"}),
        ("runs/log-model", {"model_json": "[]"}),
        ("runs/log-model", {"model_json": "{}"}),
        ("runs/log-model", {}),
    ],
)
def test_what_cannot_be_meant_is_refused(name: str, told: dict[str, Any]) -> None:
    assert refused("POST", name, {"run_id": new_run()} | told) == INVALID


@pytest.mark.parametrize("text", ["name LIKE 'a'", "params.x = '1'", "nothing = 'x'", "name = 3"])
def test_a_search_that_is_not_supported_is_refused(text: str) -> None:
    assert refused("POST", "logged-models/search", {"filter": text}) == INVALID
