"""A program for MLflow's own client: fills the store whose address it is given."""

import os
import sys

os.environ["MLFLOW_ALLOW_FILE_STORE"] = "true"

import mlflow

mlflow.set_tracking_uri(sys.argv[1])
mlflow.set_experiment("vision")
with mlflow.start_run(run_name="parent", description="a **note**"):
    mlflow.log_params({"lr": 0.1, "layers": 3, "name": "007", "flag": True})
    for step in range(30):
        mlflow.log_metrics({"loss": 1 / (step + 1), "acc": step / 30}, step=step)
    mlflow.log_metric("odd", float("nan"), step=2**40)
    mlflow.set_tags({"team": "x", "marked": ""})
    mlflow.log_text("hello", "deep/note.txt")
    with mlflow.start_run(run_name="child", nested=True):
        mlflow.log_metric("loss", float("inf"))
mlflow.start_run(run_name="open")
os._exit(0)
