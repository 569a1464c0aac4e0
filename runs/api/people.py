"""Reading runs."""

from datetime import datetime
from typing import Any
from urllib.parse import unquote

from django.db.models import QuerySet
from django.http import HttpResponse, StreamingHttpResponse
from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import attention, clock, old_paths, selectors
from runs.api import answers, downloads, serializers
from runs.api.pages import Page, page_of, write
from runs.api.parsing import checked
from runs.errors import Forbidden
from runs.models import Run
from runs.query import sorting
from runs.query.finding import filtered, listed
from runs.query.limits import bounded
from runs.query.scope import Scope
from runs.records import records_of
from whirr_site.access.api import principal_of


def readable_run(request: Request, key: str) -> Run:
    """The run, if whoever asks may read it. Raises Forbidden, NotFound."""
    if not principal_of(request).may_read(key):
        raise Forbidden(f"this token may not read {key}")
    return selectors.run(key)


class RunListView(APIView):
    """GET /api/v1/runs?filter=&sort=&status=&tag=&project=&limit=&cursor=   newest first where no `sort` is given"""

    @extend_schema(
        parameters=[serializers.RunQuery],
        responses=serializers.RunListSerializer,
        operation_id="runs_list",
    )
    def get(self, request: Request) -> Response:
        query = checked(serializers.RunQuery, request.query_params)
        limit, after = query.pop("limit"), query.pop("cursor")
        text, sort = query.pop("filter"), query.pop("sort")
        scope = Scope(now=timezone.now(), me=principal_of(request).name)
        with bounded(text):
            found = _found(query, text, scope)
            if sort:
                page = sorted_page(found, sort, after=after or 0, limit=limit, now=scope.now)
            else:
                rows = found.values(*answers.COLUMNS)
                page = page_of(rows, "runs", order="-id", after=after, limit=limit)
        told = [answers.row_json(row) for row in page.rows]
        return Response({"runs": told, "next_cursor": page.next_cursor})


def _found(query: dict[str, Any], text: str, scope: Scope) -> QuerySet[Run]:
    """What a list holds. Without a word about archived runs they are left out, but not of the trash."""
    archived = query.pop("archived")
    every = selectors.runs(**query)
    if archived in ("yes", "no"):
        every = every.filter(archived_at__isnull=archived == "no")
    silent = not archived and not query["trashed"]
    return (listed if silent else filtered)(every, text, scope)


def sorted_page(
    found: QuerySet[Run], sort: str, *, after: int, limit: int, now: datetime
) -> Page[answers.Row]:
    """Rows from the one numbered `after` on, in an order that may change from one page to the next. Raises Invalid."""
    words = [unquote(word) for word in sort.split(",")]
    ordered = sorting.by_words(found, words, now=now).values_list("pk", flat=True)
    keys = list(
        ordered[after : after + limit + 1]
    )  # rows with their configs are not what is to be sorted
    rows = {
        row["id"]: row for row in Run.objects.filter(pk__in=keys[:limit]).values(*answers.COLUMNS)
    }
    more = write("runs-sorted", after + limit) if len(keys) > limit else None
    return Page([rows[key] for key in keys[:limit] if key in rows], more)


class RunView(APIView):
    """GET /api/v1/runs/job-7"""

    open_to_runs = True

    @extend_schema(responses=serializers.RunSerializer)
    def get(self, request: Request, key: str) -> Response:
        return Response(answers.run_json(readable_run(request, key)))


class MetricsView(APIView):
    """GET /api/v1/runs/job-7/metrics   every record as it was logged"""

    open_to_runs = True

    @extend_schema(responses=serializers.MetricsSerializer)
    def get(self, request: Request, key: str) -> Response:
        run = readable_run(request, key)
        attention.look(run, now=clock.now())
        records = records_of(run)
        return Response({"metrics": records, "count": len(records)})


class ArtifactListView(APIView):
    """GET /api/v1/runs/job-7/artifacts"""

    open_to_runs = True

    @extend_schema(operation_id="runs_artifacts_list", responses=serializers.ArtifactListSerializer)
    def get(self, request: Request, key: str) -> Response:
        found = list(selectors.artifacts_of(readable_run(request, key)))
        data = serializers.ArtifactSerializer(found, many=True).data
        return Response({"artifacts": data, "count": len(found)})


class ArtifactView(APIView):
    """GET /api/v1/runs/job-7/artifacts/model.npz   the file, always as a download"""

    open_to_runs = True

    @extend_schema(
        parameters=[
            OpenApiParameter("path", str, OpenApiParameter.PATH),
            OpenApiParameter("Range", str, OpenApiParameter.HEADER, description="bytes=0-1023"),
        ],
        responses={
            (200, "application/octet-stream"): OpenApiTypes.BINARY,
            (206, "application/octet-stream"): OpenApiTypes.BINARY,
        },
    )
    def get(self, request: Request, key: str, path: str) -> HttpResponse | StreamingHttpResponse:
        return downloads.answer(request, old_paths.file_of(readable_run(request, key), path), path)
