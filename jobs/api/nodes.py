"""Looking at workers, and telling them to take no more."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import selectors, workers
from jobs.api import worker_serializers as serializers
from jobs.api.admins import AdminsChange
from jobs.api.answers import worker_json
from runs.api.pages import page_of
from runs.api.parsing import checked
from whirr_site.access.api import principal_of


class WorkersView(APIView):
    """GET /api/v1/workers   by name; all of them, unless there is a limit"""

    @extend_schema(
        operation_id="workers_list",
        parameters=[serializers.WorkerQuery],
        responses=serializers.WorkerListSerializer,
    )
    def get(self, request: Request) -> Response:
        query, now = checked(serializers.WorkerQuery, request.query_params), timezone.now()
        page = page_of(
            selectors.busy_workers(),
            "workers",
            order="worker_id",
            after=query["cursor"],
            limit=query["limit"],
        )
        told = [worker_json(selectors.view(worker, now=now)) for worker in page.rows]
        return Response({"workers": told, "next_cursor": page.next_cursor})


class WorkerView(AdminsChange):
    """One worker: GET, PATCH which projects it serves, DELETE one that is gone."""

    @extend_schema(responses=serializers.WorkerSerializer)
    def get(self, request: Request, worker_id: str) -> Response:
        return told(worker_id)

    @extend_schema(request=serializers.ProjectsSerializer, responses=serializers.WorkerSerializer)
    def patch(self, request: Request, worker_id: str) -> Response:
        projects = checked(serializers.ProjectsSerializer, request.data)["projects"]
        workers.set_projects(worker_id, projects, **_who(request))
        return told(worker_id)

    @extend_schema(responses=serializers.MessageSerializer)
    def delete(self, request: Request, worker_id: str) -> Response:
        workers.delete(worker_id, **_who(request))
        return Response({"message": f"Worker {worker_id} deleted", "success": True})


class _Turn(AdminsChange):
    """POST that turns one of a worker's switches."""

    turn: ClassVar[Callable[..., None]]
    to: ClassVar[bool]

    @extend_schema(request=None, responses=serializers.WorkerSerializer)
    def post(self, request: Request, worker_id: str) -> Response:
        type(self).turn(worker_id, self.to, **_who(request))
        return told(worker_id)


class DrainView(_Turn):
    """POST /api/v1/workers/node1/drain   it ends what it has and takes nothing new"""

    turn, to = staticmethod(workers.set_draining), True


class ResumeView(_Turn):
    """POST /api/v1/workers/node1/resume   undoes a drain"""

    turn, to = staticmethod(workers.set_draining), False


class DisableView(_Turn):
    """POST /api/v1/workers/node1/disable   it is given nothing, until somebody enables it"""

    turn, to = staticmethod(workers.set_disabled), True


class EnableView(_Turn):
    """POST /api/v1/workers/node1/enable   undoes a disable"""

    turn, to = staticmethod(workers.set_disabled), False


class LabelsView(AdminsChange):
    """POST /api/v1/workers/node1/labels   tags beside those of its agent: `{"add": ["fast"], "remove": ["old"]}`"""

    @extend_schema(request=serializers.LabelsSerializer, responses=serializers.WorkerSerializer)
    def post(self, request: Request, worker_id: str) -> Response:
        wish = checked(serializers.LabelsSerializer, request.data)
        workers.label(worker_id, add=wish["add"], remove=wish["remove"], **_who(request))
        return told(worker_id)


def told(worker_id: str) -> Response:
    return Response(worker_json(selectors.worker(worker_id, now=timezone.now())))


def _who(request: Request) -> dict[str, Any]:
    return {"actor": principal_of(request).name, "now": timezone.now()}
