"""MLflow's addresses, under which its clients look: they are on the server's root, not below /api/v1/."""

from django.urls import path

from mlflow_api.api import experiment_calls, file_calls, link_calls, other_calls, run_calls
from mlflow_api.api.calls import endpoint

V2 = "api/2.0/mlflow"
FILES = "api/2.0/mlflow-artifacts"
MODELS = f"{V2}/logged-models"
MODEL = f"{MODELS}/<str:model_id>"
METHODS = ("GET", "POST", "PATCH", "DELETE")

READING = {  # with GET
    "experiments/get": experiment_calls.get,
    "experiments/get-by-name": experiment_calls.get_by_name,
    "runs/get": run_calls.get,
    "metrics/get-history": run_calls.get_history,
    "artifacts/list": file_calls.list_of_run,
}
WRITING = {  # with POST
    "experiments/create": experiment_calls.create,
    "experiments/update": experiment_calls.update,
    "experiments/delete": experiment_calls.delete,
    "experiments/restore": experiment_calls.restore,
    "experiments/set-experiment-tag": experiment_calls.set_tag,
    "experiments/delete-experiment-tag": experiment_calls.delete_tag,
    "runs/create": run_calls.create,
    "runs/update": run_calls.update,
    "runs/delete": run_calls.delete,
    "runs/restore": run_calls.restore,
    "runs/log-metric": run_calls.log_metric,
    "runs/log-parameter": run_calls.log_param,
    "runs/log-batch": run_calls.log_batch,
    "runs/set-tag": run_calls.set_tag,
    "runs/delete-tag": run_calls.delete_tag,
    "runs/log-inputs": link_calls.log_inputs,
    "runs/outputs": link_calls.log_outputs,
    "runs/log-model": link_calls.log_model,
}

urlpatterns = [
    *(path(f"{V2}/{name}", endpoint(GET=call)) for name, call in READING.items()),
    *(path(f"{V2}/{name}", endpoint(POST=call)) for name, call in WRITING.items()),
    path(
        f"{V2}/experiments/search",
        endpoint("read", GET=experiment_calls.search, POST=experiment_calls.search),
    ),
    path(f"{V2}/runs/search", endpoint("read", POST=run_calls.search)),
    path(MODELS, endpoint(POST=link_calls.create)),
    path(f"{MODELS}/search", endpoint("read", POST=link_calls.search)),
    path(MODEL, endpoint(GET=link_calls.get, PATCH=link_calls.finalize, DELETE=link_calls.delete)),
    path(f"{MODEL}/params", endpoint(POST=link_calls.log_params)),
    path(f"{MODEL}/tags", endpoint(PATCH=link_calls.set_tags)),
    path(f"{MODEL}/tags/<path:key>", endpoint(DELETE=link_calls.delete_tag)),
    path(f"{FILES}/artifacts", endpoint(GET=file_calls.list_of_proxy)),
    path(f"{FILES}/artifacts/<path:path>", file_calls.FileView.as_view()),
    path("api/3.0/mlflow/server-info", endpoint(GET=other_calls.server_info)),
    *(
        path(f"{prefix}/<path:rest>", endpoint(**dict.fromkeys(METHODS, other_calls.absent)))
        for prefix in (V2, FILES, "api/3.0/mlflow")
    ),
    path("version", other_calls.version, name="mlflow-version"),
]
