"""Taking a run out, as a file."""

from typing import Any

from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.request import Request
from rest_framework.views import APIView

from runs import exporting
from runs.api.parsing import checked
from runs.api.people import readable_run


class ExportQuery(serializers.Serializer[Any]):
    """What to take, and as what."""

    format = serializers.ChoiceField(choices=list(exporting.FORMATS), default="jsonl")
    what = serializers.ChoiceField(
        choices=exporting.WHAT,
        required=False,
        default="",
        allow_blank=True,
        help_text="left out: all that the format can hold",
    )
    raw = serializers.BooleanField(
        default=False, help_text="CSV: texts as they are, also those that look like a formula"
    )


class _ByQuery(DefaultContentNegotiation):
    """`format` is ours here; Django REST framework would take it for the name of a renderer."""

    def select_renderer(
        self, request: Request, renderers: Any, format_suffix: str | None = None
    ) -> Any:
        renderer = next(iter(renderers))
        return renderer, renderer.media_type


class ExportView(APIView):
    """GET /api/v1/runs/job-7/export?format=jsonl|json|csv|parquet|tar   streamed, however large the run is"""

    open_to_runs = True
    content_negotiation_class = _ByQuery

    @extend_schema(
        parameters=[ExportQuery],
        responses={
            (200, form.content_type.partition(";")[0]): OpenApiTypes.BINARY
            for form in exporting.FORMATS.values()
        },
        operation_id="runs_export",
    )
    def get(self, request: Request, key: str) -> StreamingHttpResponse:
        run = readable_run(request, key)
        query = checked(ExportQuery, request.query_params)
        name = query["format"]
        pieces = exporting.export(run, name, what=query["what"], raw=query["raw"])
        return StreamingHttpResponse(
            pieces,
            content_type=exporting.FORMATS[name].content_type,
            headers={
                "Content-Disposition": f'attachment; filename="{run.key}.{name}"',
                "Content-Security-Policy": "sandbox; default-src 'none'",
            },
        )
