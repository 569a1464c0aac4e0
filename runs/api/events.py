"""Reading what runs logged that is no number."""

import re
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import attention, clock, logged
from runs.api import event_serializers as serializers
from runs.api import pages
from runs.api.parsing import checked
from runs.api.people import readable_run
from runs.errors import Invalid
from runs.models import Event

PLACE = re.compile(r"([a-z0-9-]{0,32}) ([0-9]{1,18})\Z")  # writer and line


class EventListView(APIView):
    """GET /api/v1/runs/job-7/events?kind=&key=&writer=&attempt=&limit=&cursor=   in the order of each writer's lines"""

    open_to_runs = True

    @extend_schema(
        parameters=[serializers.EventQuery],
        responses=serializers.RunEventListSerializer,
        operation_id="runs_events_list",
    )
    def get(self, request: Request, key: str) -> Response:
        run = readable_run(request, key)
        query = checked(serializers.EventQuery, request.query_params)
        limit, after = query.pop("limit"), _place(query.pop("cursor"))
        attention.look(run, now=clock.now())
        part = logged.stretch(logged.events_of(run, **query), after=after, limit=limit)
        told = serializers.RunEventSerializer(part.events, many=True).data
        return Response({"events": told, "next_cursor": _cursor(part)})


def _place(cursor: str | None) -> tuple[str, int] | None:
    if cursor is None:
        return None
    found = PLACE.match(cursor)
    if found is None:
        raise Invalid("cursor is none of this list: send the next_cursor of an answer")
    return found[1], int(found[2])


def _cursor(part: logged.Stretch) -> str | None:
    last = part.events[-1] if part.more else None
    return pages.write("events", f"{last.writer} {last.index}") if last else None


class AlertListView(APIView):
    """GET /api/v1/alerts?since=&level=&limit=&cursor=   of all runs, newest first"""

    @extend_schema(
        parameters=[serializers.AlertQuery],
        responses=serializers.AlertListSerializer,
        operation_id="alerts_list",
    )
    def get(self, request: Request) -> Response:
        query = checked(serializers.AlertQuery, request.query_params)
        limit, after = query.pop("limit"), query.pop("cursor")
        found = logged.alerts(**query)
        page = pages.page_of(found, "alerts", order="-id", after=after, limit=limit)
        told = [alert_json(event) for event in page.rows]
        return Response({"alerts": told, "next_cursor": page.next_cursor})


def alert_json(event: Event) -> dict[str, Any]:
    """An alert as it is told; texts that are none are left empty."""
    text = event.body.get("text")
    return {
        "run_id": event.run.key,
        "run_name": event.run.name,
        "attempt": event.attempt,
        "writer": event.writer,
        "level": event.level,
        "title": event.key,
        "text": text if isinstance(text, str) else "",
        "step": event.step,
        "time": event.at,
        "url": f"/runs/{event.run.key}/",
    }
