"""Claim, heartbeat, complete and fail as whirr 0.5 workers call them."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs import legacy, legacy_files, selectors
from jobs.api.agents import AgentView
from jobs.api.answers import job_json
from jobs.api.serializers import JobSerializer
from jobs.api.worker_serializers import MessageSerializer
from runs import clock
from runs.api.parsing import checked
from runs.errors import Forbidden


class ClaimSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    gpu_id = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=1023)
    lease_seconds = serializers.IntegerField(default=60, min_value=10, max_value=600)


class ClaimedSerializer(serializers.Serializer[Any]):
    job = JobSerializer(allow_null=True)


class HeartbeatSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    lease_seconds = serializers.IntegerField(default=60, min_value=10, max_value=600)


class RenewedSerializer(serializers.Serializer[Any]):
    success = serializers.BooleanField()
    lease_expires_at = serializers.DateTimeField()
    cancel_requested = serializers.BooleanField()


class CompleteSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    exit_code = serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1)
    run_id = serializers.CharField(required=False, allow_null=True)
    error_message = serializers.CharField(default="", allow_null=True, allow_blank=True)


class FailSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    error_message = serializers.CharField(allow_blank=True)


class ClaimView(AgentView):
    """POST /api/v1/jobs/claim   one job or null; newer agents use sync"""

    @extend_schema(request=ClaimSerializer, responses=ClaimedSerializer)
    def post(self, request: Request) -> Response:
        told = checked(ClaimSerializer, request.data)
        order = legacy.claim(
            told["worker_id"],
            told["gpu_id"],
            lease_seconds=told["lease_seconds"],
            now=clock.now(),
        )
        if order is None:
            return Response({"job": None})
        legacy_files.prepare(order.job)
        return Response({"job": job_json(selectors.job(order.job.pk))})  # an order knows less


class HeartbeatView(AgentView):
    """POST /api/v1/jobs/7/heartbeat   404 where the worker does not hold the job"""

    @extend_schema(request=HeartbeatSerializer, responses=RenewedSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        told = checked(HeartbeatSerializer, request.data)
        until, cancel = legacy.renew(
            job_id, told["worker_id"], lease_seconds=told["lease_seconds"], now=clock.now()
        )
        legacy_files.look(job_id, told["worker_id"])
        return Response(
            {"success": True, "lease_expires_at": until.isoformat(), "cancel_requested": cancel}
        )


class CompleteView(AgentView):
    """POST /api/v1/jobs/7/complete   403 where another worker holds the job"""

    @extend_schema(request=CompleteSerializer, responses=MessageSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        told = checked(CompleteSerializer, request.data)
        return _finish(job_id, told["worker_id"], told["exit_code"], told["error_message"])


class FailView(AgentView):
    """POST /api/v1/jobs/7/fail   403 where another worker holds the job"""

    @extend_schema(request=FailSerializer, responses=MessageSerializer)
    def post(self, request: Request, job_id: int) -> Response:
        told = checked(FailSerializer, request.data)
        return _finish(job_id, told["worker_id"], 1, told["error_message"])


def _finish(job_id: int, worker_id: str, exit_code: int, message: str | None) -> Response:
    legacy_files.look(job_id, worker_id)
    job = legacy.finish(
        job_id, worker_id, exit_code=exit_code, message=message or "", now=clock.now()
    )
    if job is None:
        raise Forbidden(f"Job {job_id} is not owned by worker {worker_id}")
    return Response({"message": f"Job {job_id} marked as {job.status}", "success": True})
