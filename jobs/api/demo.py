"""Demo data over the API: is it there, make it, remove it."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers, status
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.demo import making, marks, removing
from whirr_site.access.api import principal_of


class DemoSerializer(serializers.Serializer[Any]):
    runs = serializers.IntegerField(help_text="runs of demo data that are there now")
    made = serializers.IntegerField(help_text="runs that this call made")
    removed = serializers.IntegerField(help_text="runs that this call deleted for good")


def _told(*, made: int = 0, removed: int = 0) -> dict[str, int]:
    return {"runs": marks.there().runs, "made": made, "removed": removed}


class DemoView(APIView):
    """/api/v1/demo"""

    @extend_schema(operation_id="demo_read", responses=DemoSerializer)
    def get(self, request: Request) -> Response:
        """How many runs of demo data there are."""
        return Response(_told())

    @extend_schema(
        operation_id="demo_make", request=None, responses={200: DemoSerializer, 201: DemoSerializer}
    )
    def post(self, request: Request) -> Response:
        """Make it: 30 runs in the project `demo`. Where it is there already, nothing changes."""
        made = making.make(now=timezone.now())
        code = status.HTTP_201_CREATED if made else status.HTTP_200_OK
        return Response(_told(made=made), status=code)

    @extend_schema(operation_id="demo_remove", request=None, responses={200: DemoSerializer})
    def delete(self, request: Request) -> Response:
        """Remove it for good, and nothing else."""
        removed = removing.remove(actor=principal_of(request).name, now=timezone.now())
        return Response(_told(removed=removed))
