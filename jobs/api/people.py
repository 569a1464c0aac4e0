"""Submitting and looking: the calls of people and their programs."""

import re
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import changing, parents, selectors, submitting
from jobs.api import answers, serializers
from jobs.submitting import Submission
from runs.api.pages import page_of
from runs.api.parsing import checked
from whirr_site.access.api import principal_of

KEY = re.compile(r"[!-~]{1,128}")
KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="A repeated submit with the same key is answered with the jobs of the first.",
)


class JobsView(APIView):
    """GET lists jobs, newest first; POST queues one, or an array of them."""

    @extend_schema(
        operation_id="jobs_list",
        parameters=[serializers.JobQuery],
        responses=serializers.JobListSerializer,
    )
    def get(self, request: Request) -> Response:
        query = checked(serializers.JobQuery, request.query_params)
        limit, after = query.pop("limit"), query.pop("cursor")
        found = selectors.jobs(**query).values(*answers.COLUMNS)
        page = page_of(found, "jobs", order="-id", after=after, limit=limit)
        told = [answers.row_json(row) for row in page.rows]
        return Response({"jobs": told, "next_cursor": page.next_cursor})

    @extend_schema(
        parameters=[KEY_PARAMETER],
        request=serializers.SubmissionSerializer,
        responses=serializers.SubmittedSerializer,
    )
    def post(self, request: Request) -> Response:
        told = checked(serializers.SubmissionSerializer, request.data)
        array = told.pop("array")
        told |= {"after": parents.expand(told["after"]), "key": key_of(request)}
        who: dict[str, Any] = {"user": principal_of(request).name, "now": timezone.now()}
        if array is None:
            return Response(answers.submitted(submitting.submit(Submission(**told), **who)))
        jobs = submitting.submit_array(Submission(**told), array, **who)
        return Response(answers.submitted_array(jobs))


def key_of(request: Request) -> str:
    """The Idempotency-Key; empty where there is none. Raises ValidationError."""
    key = request.headers.get("Idempotency-Key", "")
    if key and not KEY.fullmatch(key):
        raise ValidationError({"Idempotency-Key": ["takes 1 to 128 visible ASCII characters"]})
    return key


class JobView(APIView):
    """GET tells of a job with all its attempts; PATCH gives it another priority."""

    @extend_schema(responses=serializers.JobDetailSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        return Response(answers.job_detail(selectors.job(job_id)))

    @extend_schema(request=serializers.PrioritySerializer, responses=serializers.JobSerializer)
    def patch(self, request: Request, job_id: int) -> Response:
        told = checked(serializers.PrioritySerializer, request.data)
        who: dict[str, Any] = {"actor": principal_of(request).name, "now": timezone.now()}
        return Response(answers.job_json(changing.set_priority(job_id, told["priority"], **who)))


class EventsView(APIView):
    """GET /api/v1/jobs/7/events   what happened to the job, the first thing first"""

    @extend_schema(
        operation_id="jobs_events_list",
        parameters=[serializers.EventQuery],
        responses=serializers.EventListSerializer,
    )
    def get(self, request: Request, job_id: int) -> Response:
        query = checked(serializers.EventQuery, request.query_params)
        found = selectors.events(job_id)
        page = page_of(found, "events", order="id", after=query["cursor"], limit=query["limit"])
        told = serializers.EventSerializer(page.rows, many=True).data
        return Response({"events": told, "next_cursor": page.next_cursor})
