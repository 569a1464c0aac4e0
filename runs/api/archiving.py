"""The archive through the API."""

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import archiving
from runs.api.discarding import MovedSerializer, RestoreSerializer, told
from runs.api.parsing import checked
from whirr_site.access.api import principal_of


class ArchiveView(APIView):
    """POST /api/v1/runs/archive   out of the lists; nothing else about a run changes"""

    @extend_schema(
        operation_id="runs_archive", request=RestoreSerializer, responses=MovedSerializer
    )
    def post(self, request: Request) -> Response:
        ids = checked(RestoreSerializer, request.data)["ids"]
        return told(archiving.archive(ids, by=principal_of(request), now=timezone.now()))


class UnarchiveView(APIView):
    """POST /api/v1/runs/unarchive   back into the lists"""

    @extend_schema(
        operation_id="runs_unarchive", request=RestoreSerializer, responses=MovedSerializer
    )
    def post(self, request: Request) -> Response:
        ids = checked(RestoreSerializer, request.data)["ids"]
        return told(archiving.unarchive(ids, by=principal_of(request)))
