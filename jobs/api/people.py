"""Submitting, looking, cancelling: the calls of people and their programs."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import cancelling, selectors, submitting
from jobs.api import serializers
from jobs.submitting import Submission
from whirr_site.access.api import principal_of


class JobsView(APIView):
    """GET lists jobs, newest first; POST queues one."""

    @extend_schema(
        operation_id="jobs_list",
        parameters=[serializers.JobQuery],
        responses=serializers.JobListSerializer,
    )
    def get(self, request: Request) -> Response:
        query = serializers.JobQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        wanted = dict(query.validated_data)
        limit = wanted.pop("limit")
        found = selectors.jobs(**wanted)[:limit]
        return Response({"jobs": serializers.JobSerializer(found, many=True).data})

    @extend_schema(
        request=serializers.SubmissionSerializer, responses=serializers.SubmittedSerializer
    )
    def post(self, request: Request) -> Response:
        body = serializers.SubmissionSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        wish = Submission(**body.validated_data)
        job = submitting.submit(wish, user=principal_of(request).name, now=timezone.now())
        return Response(serializers.submitted(job))


class JobView(APIView):
    """GET /api/v1/jobs/7   with all its attempts"""

    @extend_schema(responses=serializers.JobDetailSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        return Response(serializers.JobDetailSerializer(selectors.job(job_id)).data)


class CancelView(APIView):
    """POST /api/v1/jobs/7/cancel"""

    @extend_schema(request=None, responses=serializers.CancelledSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        previous = cancelling.cancel(job_id, actor=principal_of(request).name, now=timezone.now())
        return Response({"message": f"Job {job_id} cancelled", "previous_status": previous})


class CancelQueuedView(APIView):
    """POST /api/v1/jobs/cancel-queued   cancels every job that does not run yet"""

    @extend_schema(request=None, responses=serializers.CancelledManySerializer)
    def post(self, request: Request) -> Response:
        ids = cancelling.cancel_queued(actor=principal_of(request).name, now=timezone.now())
        return Response({"message": f"{len(ids)} jobs cancelled", "job_ids": ids})


class StatusView(APIView):
    """GET /api/v1/status   numbers at a glance"""

    @extend_schema(responses=serializers.StatusSerializer)
    def get(self, request: Request) -> Response:
        counts = selectors.counts(now=timezone.now())
        online = {"workers_online": counts.workers_online, "workers_total": counts.workers_total}
        return Response(counts.by_status | online)


class WorkersView(APIView):
    """GET /api/v1/workers"""

    @extend_schema(responses=serializers.WorkerListSerializer)
    def get(self, request: Request) -> Response:
        found = selectors.workers(now=timezone.now())
        return Response(serializers.WorkerListSerializer({"workers": found}).data)
