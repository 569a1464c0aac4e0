"""Why a job does not run, as JSON."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.explaining import Explanation, explain
from jobs.reasons import Why
from jobs.states import JobStatus
from jobs.verdicts import Verdict


class ReasonSerializer(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=Why.choices)
    text = serializers.CharField()


class WorkerVerdictSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(source="worker.worker_id")
    verdict = serializers.ChoiceField(choices=Verdict.choices)
    text = serializers.CharField()


class ExplanationSerializer(serializers.Serializer[Explanation]):
    """`position` counts from 1. Null: the job has no place in the queue, or more than 10 000 jobs are before it."""

    job_id = serializers.IntegerField(source="job.pk")
    status = serializers.ChoiceField(choices=JobStatus.choices, source="job.status")
    summary = serializers.CharField()
    reasons = ReasonSerializer(many=True)
    position = serializers.IntegerField(allow_null=True)
    ahead = serializers.IntegerField(allow_null=True)
    estimated_start = serializers.DateTimeField(source="estimate.at", allow_null=True)
    estimate_basis = serializers.CharField(
        source="estimate.basis", help_text="what the guess stands on, or why there is none"
    )
    workers = WorkerVerdictSerializer(many=True, help_text="the most hopeful first")
    workers_more = serializers.IntegerField(help_text="how many more there are than are listed")


class ExplainView(APIView):
    """GET /api/v1/jobs/7/explain   why the job does not run, per worker, and when it may start"""

    @extend_schema(responses=ExplanationSerializer)
    def get(self, request: Request, job_id: int) -> Response:
        found = explain(job_id, now=timezone.now())
        return Response(ExplanationSerializer(found).data)
