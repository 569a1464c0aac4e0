"""The API's numbers at a glance, and which server tells them."""

from typing import Any

from django.conf import settings
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import selectors
from whirr_site.access.store import store_id


class StatusSerializer(serializers.Serializer[Any]):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    workers_online = serializers.IntegerField()
    workers_total = serializers.IntegerField()
    waiting = serializers.IntegerField()
    cancelled = serializers.IntegerField()
    version = serializers.CharField(help_text="of the server")
    store_id = serializers.CharField(help_text="names the server's data folder")


class StatusView(APIView):
    """GET /api/v1/status   numbers at a glance"""

    @extend_schema(responses=StatusSerializer)
    def get(self, request: Request) -> Response:
        counts = selectors.counts(now=timezone.now())
        online = {"workers_online": counts.workers_online, "workers_total": counts.workers_total}
        server = {"version": settings.WHIRR_VERSION, "store_id": store_id()}
        return Response(counts.by_status | online | server)
