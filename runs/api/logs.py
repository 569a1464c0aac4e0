"""The output of a run, for terminals and scripts."""

from django.http import HttpResponse, StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from runs import attention, clock, selectors
from runs.api import serializers
from runs.api.parsing import checked
from runs.api.people import readable_run
from runs.errors import NotFound
from runs.logs.grepping import Grep, grep, offset_since
from runs.logs.reading import reading
from runs.logs.searching import Wanted
from runs.models import Run
from whirr_site.access.api import principal_of

BYTES = "application/octet-stream"


class LogView(APIView):
    """GET /api/v1/runs/job-7/log?attempt=&offset=&limit=&since=   raw bytes; X-Whirr-… headers say where they are"""

    open_to_runs = True

    @extend_schema(
        parameters=[serializers.LogQuery],
        responses={(200, BYTES): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, key: str) -> HttpResponse:
        run = readable_run(request, key)
        attention.look(run, now=clock.now())
        asked = checked(serializers.LogQuery, request.query_params)
        since: float | None = asked.pop("since")
        if since is not None:
            with reading(run, _attempt(run, asked["attempt"])) as log:
                asked["offset"] = offset_since(log, since, now=clock.now().timestamp())
        part = selectors.log_part(run, **asked)
        headers = {
            "X-Whirr-Size": str(part.size),
            "X-Whirr-Offset": str(part.offset),
            "X-Whirr-Attempt": str(part.attempt),
            "X-Whirr-Final": str(int(part.final)),
        }
        if since is not None:
            headers["X-Whirr-Since"] = "1"
        return HttpResponse(part.data, content_type=BYTES, headers=headers)


class SearchView(APIView):
    """GET /api/v1/runs/job-7/log/search?q=&kind=&case=&since=&tail=&attempt=   lines with a hit, as written"""

    open_to_runs = True

    @extend_schema(
        parameters=[serializers.GrepQuery],
        responses={(200, BYTES): OpenApiTypes.BINARY},
    )
    def get(self, request: Request, key: str) -> StreamingHttpResponse:
        run = readable_run(request, key)
        asked = checked(serializers.GrepQuery, request.query_params)
        wanted = Wanted(asked["q"], asked["kind"], case=asked["case"])
        found = grep(
            run,
            attempt=_attempt(run, asked["attempt"]),
            asked=Grep(wanted, asked["since"], asked["tail"]),
            now=clock.now().timestamp(),
            who=principal_of(request).name,
        )
        headers = {
            "X-Whirr-Shown": str(found.shown),
            "X-Whirr-Total": str(found.total),
            "X-Whirr-Complete": str(int(found.complete)),
            "X-Whirr-Searched": str(found.searched),
        }
        return StreamingHttpResponse(found.lines, content_type=BYTES, headers=headers)


def _attempt(run: Run, asked: int | None) -> int:
    if asked is not None and asked > run.attempt:
        raise NotFound(f"{run.key} has no attempt {asked} (newest: {run.attempt})")
    return run.attempt if asked is None else asked
