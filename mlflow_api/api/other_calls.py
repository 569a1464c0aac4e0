"""What a client asks besides, and what there is not."""

from typing import Any

from django.http import HttpRequest, HttpResponse

from mlflow_api.api.calls import Call
from mlflow_api.refusals import Refusal

API_VERSION = "3.0.0"  # of MLflow, whose clients take it for the server's
# What MLflow has and we have not, by how its addresses begin.
ABSENT = {
    "registered-models": "the model registry",
    "model-versions": "the model registry",
    "traces": "traces",
    "assessments": "traces",
    "issues": "traces",
    "datasets": "evaluation data sets",
    "scorers": "scorers",
    "prompt-optimization": "prompts",
    "gateway": "the AI gateway",
    "webhooks": "webhooks",
    "workspaces": "workspaces",
    "metrics": "metrics of several runs in one call",
    "artifacts": "presigned addresses",
    "logged-models": "this call on logged models",
    "mpu": "uploads in parts",
    "presigned": "presigned addresses",
}


def version(_request: HttpRequest) -> HttpResponse:
    """GET /version"""
    return HttpResponse(API_VERSION, content_type="text/plain; charset=utf-8")


def server_info(_call: Call) -> dict[str, Any]:
    """GET /api/3.0/mlflow/server-info: what clients may use of the server."""
    return {
        "store_type": "whirr",
        "workspaces_enabled": False,
        "trace_archival_enabled": False,
        "multipart_uploads_enabled": False,
        "multipart_downloads_enabled": False,
    }


def absent(call: Call) -> dict[str, Any]:
    """Everything else below MLflow's addresses."""
    rest = call.path["rest"]
    what = ABSENT.get(rest.partition("/")[0])
    if what is None:
        raise Refusal("ENDPOINT_NOT_FOUND", f"There is no call '{rest[:80]}'.")
    raise Refusal(
        "NOT_IMPLEMENTED", f"whirr does not have {what} of MLflow (docs/mlflow.md has the list)."
    )
