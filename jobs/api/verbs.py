"""Changing jobs: cancel, retry, hold, release; one by one, or all that a filter finds."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import cancelling, changing, retrying, selectors
from jobs.api import answers, serializers
from runs.api.parsing import checked
from whirr_site.access.api import principal_of


def who(request: Request) -> dict[str, Any]:
    """Who does it, and when."""
    return {"actor": principal_of(request).name, "now": timezone.now()}


class CancelView(APIView):
    """POST /api/v1/jobs/7/cancel"""

    @extend_schema(request=None, responses=serializers.CancelledSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        previous = cancelling.cancel(job_id, **who(request))
        return Response({"message": f"Job {job_id} cancelled", "previous_status": previous})


class CancelManyView(APIView):
    """POST /api/v1/jobs/cancel   all that the body names or its filter finds, and that have not ended"""

    @extend_schema(
        operation_id="jobs_cancel_many",
        request=serializers.CancelManySerializer,
        responses=serializers.CancelledManySerializer,
    )
    def post(self, request: Request) -> Response:
        chosen = selectors.chosen(**checked(serializers.CancelManySerializer, request.data))
        cancelled, stopping = cancelling.cancel_all(chosen, **who(request))
        message = f"{len(cancelled)} jobs cancelled, {len(stopping)} told to stop"
        return Response({"message": message, "cancelled": cancelled, "stopping": stopping})


class CancelQueuedView(APIView):
    """POST /api/v1/jobs/cancel-queued   cancels every job that does not run yet"""

    @extend_schema(request=None, responses=serializers.CancelledQueuedSerializer)
    def post(self, request: Request) -> Response:
        ids = cancelling.cancel_queued(**who(request))
        return Response({"message": f"{len(ids)} jobs cancelled", "job_ids": ids})


class RetryView(APIView):
    """POST /api/v1/jobs/7/retry   queues the job once more, as a new one"""

    @extend_schema(request=None, responses=serializers.RetriedSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        return Response(answers.retried(retrying.retry(job_id, **who(request))))


class RetryManyView(APIView):
    """POST /api/v1/jobs/retry   those that failed or were cancelled and were not retried yet"""

    @extend_schema(
        operation_id="jobs_retry_many",
        request=serializers.ChoiceSerializer,
        responses=serializers.RetriedManySerializer,
    )
    def post(self, request: Request) -> Response:
        chosen = selectors.chosen(**checked(serializers.ChoiceSerializer, request.data))
        return Response(answers.retried_all(retrying.retry_all(chosen, **who(request))))


class HoldView(APIView):
    """POST /api/v1/jobs/7/hold   it does not start until it is released"""

    @extend_schema(request=None, responses=serializers.JobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        return Response(answers.job_json(changing.hold(job_id, **who(request))))


class ReleaseView(APIView):
    """POST /api/v1/jobs/7/release   undoes a hold"""

    @extend_schema(request=None, responses=serializers.JobSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        return Response(answers.job_json(changing.release(job_id, **who(request))))
