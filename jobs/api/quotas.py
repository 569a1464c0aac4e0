"""Quotas: what a user or a project may have at a time."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import setting_quotas
from jobs.api.admins import AdminsChange
from jobs.models import Quota, Scope
from runs.api.parsing import checked

SCOPE = OpenApiParameter("scope", str, OpenApiParameter.PATH, enum=Scope.values)


class LimitsSerializer(serializers.Serializer[Any]):
    """Null or left out: no limit. A job that waits counts as queued."""

    running_gpus = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    running_jobs = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**31 - 1
    )
    queued_jobs = serializers.IntegerField(
        default=None, allow_null=True, min_value=0, max_value=2**31 - 1
    )


class QuotaSerializer(serializers.ModelSerializer[Quota]):
    """An empty name: each user or project that has no quota of its own."""

    class Meta:
        model = Quota
        fields = ("scope", "name", *setting_quotas.LIMITS)
        read_only_fields = fields


class QuotaListSerializer(serializers.Serializer[Any]):
    quotas = QuotaSerializer(many=True)


class DeletedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()


class QuotasView(APIView):
    """GET /api/v1/quotas"""

    @extend_schema(operation_id="quotas_list", responses=QuotaListSerializer)
    def get(self, request: Request) -> Response:
        told = QuotaSerializer(setting_quotas.quotas(), many=True).data
        return Response({"quotas": told})


class QuotaView(AdminsChange):
    """PUT and DELETE /api/v1/quotas/user/ada   of one user or project"""

    @extend_schema(parameters=[SCOPE], request=LimitsSerializer, responses=QuotaSerializer)
    def put(self, request: Request, scope: str, name: str = "") -> Response:
        quota = setting_quotas.put(scope, name, checked(LimitsSerializer, request.data))
        return Response(QuotaSerializer(quota).data)

    @extend_schema(parameters=[SCOPE], responses=DeletedSerializer)
    def delete(self, request: Request, scope: str, name: str = "") -> Response:
        setting_quotas.delete(scope, name)
        return Response({"message": "the quota is gone"})


class EverybodysQuotaView(QuotaView):
    """PUT and DELETE /api/v1/quotas/user   of each one that has no quota of its own"""

    @extend_schema(
        operation_id="quotas_put_for_each",
        parameters=[SCOPE],
        request=LimitsSerializer,
        responses=QuotaSerializer,
    )
    def put(self, request: Request, scope: str, name: str = "") -> Response:
        return super().put(request, scope)

    @extend_schema(
        operation_id="quotas_delete_for_each", parameters=[SCOPE], responses=DeletedSerializer
    )
    def delete(self, request: Request, scope: str, name: str = "") -> Response:
        return super().delete(request, scope)
