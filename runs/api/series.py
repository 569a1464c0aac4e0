"""Reading series: of one run, or of hundreds in one call."""

from typing import Any

from django.http import HttpResponse
from django.utils.http import parse_etags, quote_etag
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import attention, clock, series_json
from runs.api import people
from runs.api.parsing import checked
from runs.api.series_serializers import (
    ManySeriesQuery,
    ManySeriesSerializer,
    SeriesListSerializer,
    SeriesQuery,
)
from runs.errors import Forbidden
from runs.series import asking, binary
from runs.series.asking import Found, Wish
from whirr_site.access.api import principal_of


def wish_of(query: dict[str, Any], runs: list[str], keys: list[str]) -> Wish:
    """What a checked query asks for. Raises Invalid."""
    return Wish.of(
        runs,
        keys,
        x=query["x"],
        writer=query["writer"],
        attempt=query["attempt"],
        start=query["from"],
        end=query["to"],
        width=query["width"],
        neighbours=query["neighbours"],
    )


class SeriesView(APIView):
    """GET /api/v1/runs/job-7/series?keys=loss,acc&width=800   columns for charts"""

    open_to_runs = True

    @extend_schema(parameters=[SeriesQuery], responses=SeriesListSerializer)
    def get(self, request: Request, key: str) -> Response:
        run = people.readable_run(request, key)
        query = checked(SeriesQuery, request.query_params)
        attention.look(run, now=clock.now())
        keys = [each for each in query["keys"].split(",") if each]
        found = asking.find(wish_of(query, [key], keys))
        return Response({"series": series_json.told(found.read())})


class ManySeriesView(APIView):
    """GET or POST /api/v1/series?runs=job-1,job-2&keys=loss   hundreds of curves for one chart"""

    scope = "read"

    answers = {
        200: ManySeriesSerializer,
        (200, binary.TYPE): OpenApiTypes.BINARY,
        304: None,
    }

    @extend_schema(operation_id="series_read", parameters=[ManySeriesQuery], responses=answers)
    def get(self, request: Request) -> HttpResponse | Response:
        return self.answer(request, request.query_params)

    @extend_schema(operation_id="series_query", request=ManySeriesQuery, responses=answers)
    def post(self, request: Request) -> HttpResponse | Response:
        return self.answer(request, request.data)

    def answer(self, request: Request, asked: Any) -> HttpResponse | Response:
        query = checked(ManySeriesQuery, asked)
        wish = wish_of(query, query["runs"], query["keys"])
        refused = [each for each in wish.runs if not principal_of(request).may_read(each)]
        if refused:
            raise Forbidden(f"this token may not read {', '.join(refused[:5])}")
        found = asking.find(wish)
        for run in found.runs:
            attention.look(run, now=clock.now())
        tag = quote_etag(f"{found.version}-{query['format']}")
        headers = {"ETag": tag, "Cache-Control": "private, no-cache"}
        if request.method == "GET" and _is_known(request, tag):
            return HttpResponse(status=304, headers=headers)
        return _full(found, query["format"], headers)


def _is_known(request: Request, tag: str) -> bool:
    """Whether the client has this very answer; a server in front that packs answers weakens their tags."""
    known = [
        each.removeprefix("W/") for each in parse_etags(request.headers.get("If-None-Match", ""))
    ]
    return tag in known or known == ["*"]


def _full(found: Found, form: str, headers: dict[str, str]) -> HttpResponse | Response:
    if form == "json":
        told = {"series": series_json.told(found.read()), "missing": found.missing}
        return Response(told, headers=headers)
    data = binary.encode(found.read(), missing=found.missing)
    return HttpResponse(data, content_type=binary.TYPE, headers=headers)
