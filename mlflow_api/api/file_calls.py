"""Artifacts: the list of a run, and the proxy that keeps and hands out the files."""

from typing import Any

from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response

from mlflow_api import answers, files, tracking
from mlflow_api.api import fields
from mlflow_api.api.calls import Call, MlflowView
from runs.api import downloads

MOST_PATH = 1000


def list_of_run(call: Call) -> dict[str, Any]:
    """Names from the run's root on."""
    run = tracking.get(fields.run_id(call.body))
    folder = files.checked(call.body.text("path", most=MOST_PATH, default=""))
    prefix = f"{folder}/" if folder else ""
    return {
        "root_uri": answers.artifact_uri(run),
        "files": [_entry(each, prefix) for each in files.entries(run, folder)],
    }


def list_of_proxy(call: Call) -> dict[str, Any]:
    """Names within the folder."""
    place = files.place_of(call.body.text("path", most=MOST_PATH))
    found = files.entries(tracking.get(place.run_id), place.name)
    return {"files": [_entry(each, "") for each in found]}


def _entry(entry: files.Entry, prefix: str) -> dict[str, Any]:
    told: dict[str, Any] = {"path": prefix + entry.name, "is_dir": entry.size is None}
    return told if entry.size is None else told | {"file_size": entry.size}


class NotRead(BaseParser):
    """Leaves the body where it is: a file is copied as it comes."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream


class FileView(MlflowView):
    """/api/2.0/mlflow-artifacts/artifacts/runs/<run id>/<path>: PUT keeps a file, GET hands it out."""

    parser_classes = (NotRead,)

    def put(self, request: Request, path: str) -> Response:
        in_chunks = "transfer-encoding" in request.headers
        size = None if in_chunks else int(request.META.get("CONTENT_LENGTH") or 0)
        # Of a body without a length Django itself gives nothing.
        source = request.META["wsgi.input"] if in_chunks else request._request
        files.store(files.place_of(path), source, size=size, now=timezone.now())
        return Response({})

    def get(self, request: Request, path: str) -> HttpResponse | StreamingHttpResponse:
        return downloads.answer(request, files.fetch(files.place_of(path)), path)

    def delete(self, _request: Request, path: str) -> Response:
        files.delete(files.place_of(path))
        return Response({})
