"""A program for the environment of MLflow's client, which takes seconds to be imported: it answers line by line.

Each line that it reads is a list, ["fill", URI] or ["import", FOLDER, argument…]; each line that it writes is
[exit code, stdout, stderr].
"""

import contextlib
import io
import json
import os
import sys
from collections.abc import Callable

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow

from whirr.cli.main import run


def fill(uri: str) -> int:
    """A parent, a child, and one that still runs; then one whose artifacts nobody can reach."""
    mlflow.set_tracking_uri(uri)
    mlflow.set_experiment("vision")
    with mlflow.start_run(run_name="parent", description="a **note**") as parent:
        mlflow.log_params({"lr": 0.1, "layers": 3, "name": "007", "flag": True})
        for step in range(30):
            mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 30}, step=step)
        mlflow.log_metric("odd", float("nan"), step=2**40)
        mlflow.set_tags({"team": "x", "marked": ""})
        mlflow.log_text("hello", "deep/note.txt")
        with mlflow.start_run(run_name="child", nested=True):
            mlflow.log_metric("loss", float("inf"))
    client = mlflow.MlflowClient()
    client.create_run(parent.info.experiment_id, run_name="open")
    elsewhere = client.create_experiment("elsewhere", artifact_location="nowhere://bucket/x")
    stranded = client.create_run(elsewhere, run_name="stranded")
    client.set_terminated(stranded.info.run_id)
    return 0


def import_from(folder: str, *args: str) -> int:
    os.chdir(folder)
    return run(["import", "mlflow", *args])


COMMANDS: dict[str, Callable[..., int]] = {"fill": fill, "import": import_from}

for line in sys.stdin:
    name, *args = json.loads(line)
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = COMMANDS[name](*args)
    print(json.dumps([code, out.getvalue(), err.getvalue()]), flush=True)
