"""Rules of retention through the API."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import retention
from runs.api.answers import stamp
from runs.api.parsing import checked
from runs.models import Direction, RetentionRule

NONE = "-"  # in an address: runs without a project
PROJECT = OpenApiParameter(
    "project", str, OpenApiParameter.PATH, description='"-" means runs without a project'
)
SHOWN = 10_000  # runs of a report
LARGEST = 10**6


class RuleBody(serializers.Serializer[Any]):
    """A whole rule: what is left out has its default."""

    enabled = serializers.BooleanField(default=True)
    keep_last = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=LARGEST
    )
    keep_best = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=LARGEST
    )
    metric = serializers.CharField(default="", allow_blank=True, max_length=255)
    direction = serializers.ChoiceField(choices=Direction.values, default=Direction.MIN.value)
    older_than_days = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=retention.LONGEST
    )
    protected_tags = serializers.ListField(
        child=serializers.CharField(max_length=100),
        default=["keep"],
        max_length=retention.MOST_TAGS,
    )


class DryQuery(serializers.Serializer[Any]):
    dry_run = serializers.BooleanField(default=False, required=False)


class RuleSerializer(serializers.ModelSerializer[RetentionRule]):
    class Meta:
        model = RetentionRule
        fields = ("project", *retention.FIELDS)
        read_only_fields = fields


class GoingSerializer(serializers.Serializer[Any]):
    """`bytes`: what this run would free alone."""

    id = serializers.CharField()
    name = serializers.CharField()
    finished_at = serializers.DateTimeField()
    bytes = serializers.IntegerField()


class ReportSerializer(serializers.Serializer[Any]):
    """What the rule would move to the trash. `staying` counts the others by their first reason."""

    count = serializers.IntegerField()
    bytes = serializers.IntegerField()
    runs = GoingSerializer(many=True)
    staying = serializers.DictField(child=serializers.IntegerField())


class JudgedSerializer(serializers.ModelSerializer[RetentionRule]):
    report = ReportSerializer(allow_null=True, help_text="null unless there is dry_run=1")

    class Meta:
        model = RetentionRule
        fields = ("project", *retention.FIELDS, "report")
        read_only_fields = fields


class RulesSerializer(serializers.Serializer[Any]):
    rules = RuleSerializer(many=True)


class AppliedSerializer(serializers.Serializer[Any]):
    runs = serializers.ListField(child=serializers.CharField())


class GoneSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()


class RulesView(APIView):
    """GET /api/v1/retention"""

    @extend_schema(operation_id="retention_list", responses=RulesSerializer)
    def get(self, request: Request) -> Response:
        return Response({"rules": RuleSerializer(retention.rules(), many=True).data})


class RuleView(APIView):
    """GET, PUT, DELETE and POST /api/v1/retention/vision   the rule of a project; POST applies it now"""

    @property
    def scope(self) -> str:
        return "read" if self.request.method in SAFE_METHODS else "admin"

    @extend_schema(
        operation_id="retention_get",
        parameters=[PROJECT, DryQuery],
        responses=JudgedSerializer,
    )
    def get(self, request: Request, project: str) -> Response:
        dry = checked(DryQuery, request.query_params)["dry_run"]
        return _told(retention.rule(_named(project)), dry_run=dry)

    @extend_schema(
        operation_id="retention_put",
        parameters=[PROJECT, DryQuery],
        request=RuleBody,
        responses=JudgedSerializer,
    )
    def put(self, request: Request, project: str) -> Response:
        dry = checked(DryQuery, request.query_params)["dry_run"]
        set_rule = retention.drafted if dry else retention.put
        return _told(set_rule(_named(project), checked(RuleBody, request.data)), dry_run=dry)

    @extend_schema(operation_id="retention_delete", parameters=[PROJECT], responses=GoneSerializer)
    def delete(self, request: Request, project: str) -> Response:
        retention.delete(_named(project))
        return Response({"message": "the rule is gone; what is in the trash stays there"})

    @extend_schema(
        operation_id="retention_apply",
        parameters=[PROJECT],
        request=None,
        responses=AppliedSerializer,
    )
    def post(self, request: Request, project: str) -> Response:
        one = retention.rule(_named(project))
        return Response({"runs": retention.apply(one, now=timezone.now())})


def _named(project: str) -> str:
    return "" if project == NONE else project


def _told(one: RetentionRule, *, dry_run: bool) -> Response:
    report = _report(one) if dry_run else None
    return Response({**RuleSerializer(one).data, "report": report})


def _report(one: RetentionRule) -> dict[str, Any]:
    verdict = retention.judge(one, now=timezone.now())
    room = verdict.room()
    return {
        "count": len(verdict.going),
        "bytes": room.together,
        "staying": verdict.staying,
        "runs": [
            {
                "id": run.key,
                "name": run.name,
                "finished_at": stamp(run.finished_at),
                "bytes": room.of_each[run.pk],
            }
            for run in verdict.going[:SHOWN]
        ],
    }
