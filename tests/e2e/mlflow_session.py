"""What a program does that logs to MLflow. Runs in MLflow's environment: `python mlflow_session.py CHAPTER`.

It knows nothing of whirr. What it saw goes to its standard output as one line of JSON.
"""

import hashlib
import json
import math
import sys
import tempfile
from pathlib import Path
from typing import Any

import mlflow
from mlflow import MlflowClient
from mlflow.entities import Metric, Param, RunTag
from mlflow.exceptions import MlflowException

LARGE = 3_000_000


def fluent() -> dict[str, Any]:
    """The fluent API, as most scripts use it."""
    mlflow.set_experiment("vision/cats")
    folder = Path(tempfile.mkdtemp())
    (folder / "deep").mkdir()
    (folder / "deep" / "weights.bin").write_bytes(bytes(range(250)) * (LARGE // 250))
    (folder / "empty").write_bytes(b"")
    with mlflow.start_run(run_name="first", tags={"team": "a"}) as run:
        mlflow.log_metric("loss", 0.5, step=1)
        mlflow.log_metrics({"loss": 0.05, "acc": 0.9}, step=2)
        mlflow.log_metric("bad", math.nan)
        mlflow.log_metric("large", -math.inf)
        mlflow.log_param("lr", 0.1)
        mlflow.log_params({"opt": "adam", "deep": True})
        mlflow.set_tag("note", "50 % 'more'")
        mlflow.set_tag("gone", "x")
        mlflow.delete_tag("gone")
        mlflow.log_dict({"a": [1]}, "conf/a.json")
        mlflow.log_text("hello", "note.txt")
        mlflow.log_artifact(str(folder / "empty"))
        mlflow.log_artifacts(str(folder), "files")
        for number in range(2):
            with mlflow.start_run(nested=True, run_name=f"child {number}"):
                mlflow.log_metric("loss", number)
    return {"run_id": run.info.run_id, "after": _seen(run.info.run_id, folder)}


def _seen(run_id: str, folder: Path) -> dict[str, Any]:
    client = MlflowClient()
    run = client.get_run(run_id)
    there = Path(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="files"))
    return {
        "status": run.info.status,
        "name": run.info.run_name,
        "metrics": {key: str(value) for key, value in run.data.metrics.items()},
        "params": run.data.params,
        "tags": {
            key: run.data.tags[key] for key in run.data.tags if key in ("team", "note", "gone")
        },
        "source": run.data.tags["mlflow.source.name"],
        "history": [[each.value, each.step] for each in client.get_metric_history(run_id, "loss")],
        "root": sorted(each.path for each in client.list_artifacts(run_id)),
        "deep": [
            [each.path, each.file_size] for each in client.list_artifacts(run_id, "files/deep")
        ],
        "same": _digest(there / "deep/weights.bin") == _digest(folder / "deep/weights.bin"),
        "empty": (there / "empty").read_bytes() == b"",
        "text": mlflow.artifacts.load_text(f"{run.info.artifact_uri}/note.txt"),
        "dict": mlflow.artifacts.load_dict(f"{run.info.artifact_uri}/conf/a.json"),
        "children": _names(f"tags.mlflow.parentRunId = '{run_id}'", ["attributes.run_name ASC"]),
        "experiments": sorted(each.name for each in mlflow.search_experiments()),
    }


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _names(text: str, order_by: list[str] | None = None) -> list[str]:
    found = mlflow.search_runs(filter_string=text, order_by=order_by, output_format="list")
    return [run.info.run_name for run in found]


def client() -> dict[str, Any]:
    """MlflowClient: batches, searches in pages, deletion, and what is refused."""
    there = MlflowClient()
    experiment_id = there.create_experiment("sweep", tags={"k": "v"})
    runs = [there.create_run(experiment_id, run_name=f"r{n}").info.run_id for n in range(5)]
    for number, run_id in enumerate(runs):
        points = [Metric("loss", number + step / 2000, 1000 + step, step) for step in range(1000)]
        params = [Param("n", str(number)), Param("kind", "even" if number % 2 == 0 else "odd")]
        there.log_batch(run_id, metrics=points, params=params, tags=[RunTag("t", f"x{number}")])
        there.set_terminated(run_id, "FAILED" if number == 4 else "FINISHED")

    def names(text: str = "", **wish: Any) -> list[str]:
        return [run.info.run_name for run in there.search_runs([experiment_id], text, **wish)]

    told: dict[str, Any] = {
        "experiment": dict(there.get_experiment_by_name("sweep").tags),
        "and": names(
            "metrics.loss > 1 and params.kind = 'even' and attributes.status = 'FINISHED'"
        ),
        "like": names("tags.t LIKE 'x%' and params.n != '0'", order_by=["metrics.loss DESC"]),
        "points": len(there.get_metric_history(runs[0], "loss")),
        "pages": _pages(there, experiment_id),
    }
    there.delete_run(runs[0])
    told["deleted"] = [there.get_run(runs[0]).info.lifecycle_stage, len(names())]
    there.restore_run(runs[0])
    told["restored"] = len(names())
    there.delete_experiment(experiment_id)
    told["gone"] = len(names())
    there.restore_experiment(experiment_id)
    told["refused"] = {
        name: _refusal(call)
        for name, call in {
            "param": lambda: there.log_param(runs[1], "n", 7),
            "run": lambda: there.get_run("none"),
            "experiment": lambda: there.create_experiment("sweep"),
            "filter": lambda: names("metrics.loss >"),
            "registry": lambda: there.create_registered_model("m"),
        }.items()
    }
    return told


def _pages(there: MlflowClient, experiment_id: str) -> list[int]:
    sizes, token = [], None
    while True:
        page = there.search_runs([experiment_id], max_results=2, page_token=token)
        sizes.append(len(page))
        token = page.token
        if not token:
            return sizes


def _refusal(call: Any) -> str:
    try:
        call()
    except MlflowException as error:
        return str(error.error_code)
    return "nothing was refused"


def autolog() -> dict[str, Any]:
    """scikit-learn with autologging, and a model that is logged, loaded and used."""
    import mlflow.sklearn
    from sklearn.datasets import load_iris
    from sklearn.linear_model import LogisticRegression

    mlflow.set_experiment("iris")
    mlflow.sklearn.autolog(log_models=False)
    features, classes = load_iris(return_X_y=True)
    with mlflow.start_run(run_name="auto") as run:
        model = LogisticRegression(max_iter=300).fit(features, classes)
        info = mlflow.sklearn.log_model(
            model,
            name="model",
            pip_requirements=["scikit-learn"],  # working it out takes a quarter of a minute
            serialization_format="cloudpickle",
        )
    again = mlflow.sklearn.load_model(info.model_uri)
    by_run = mlflow.sklearn.load_model(f"runs:/{run.info.run_id}/model")
    seen = MlflowClient().get_run(run.info.run_id)
    return {
        "run_id": run.info.run_id,
        "params": seen.data.params,
        "metrics": sorted(seen.data.metrics),
        "datasets": [each.dataset.name for each in seen.inputs.dataset_inputs],
        "models": len(seen.outputs.model_outputs),
        "same": bool(
            (again.predict(features) == model.predict(features)).all()
            and (by_run.predict(features) == model.predict(features)).all()
        ),
    }


def nobody() -> dict[str, Any]:
    """With a token that is none."""
    return {"refused": _refusal(lambda: MlflowClient().get_run("none"))}


if __name__ == "__main__":
    chapters = {"fluent": fluent, "client": client, "autolog": autolog, "nobody": nobody}
    print(json.dumps(chapters[sys.argv[1]]()))
