"""MLflow's asynchronous logging."""

from functools import partial

import mlflow

from benchmarks.trackers.libraries import Begun, of_mlflow
from benchmarks.trackers.libraries.of_mlflow import stored

__all__ = ["begin", "stored"]


def begin() -> Begun:
    of_mlflow.begin()
    return Begun(partial(mlflow.log_metrics, synchronous=False), _finish)


def _finish() -> None:
    mlflow.flush_async_logging()
    mlflow.end_run()
