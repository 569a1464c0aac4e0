"""The calls of an agent's life."""

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs import finishing, syncing, workers
from jobs.api import worker_serializers as serializers
from jobs.api.parsing import finish_report, sync_report
from jobs.workers import Hardware
from runs import clock
from whirr_site.access.store import is_seen, store_id


class AgentView(APIView):
    scope = "worker"


class RegisterView(AgentView):
    """POST /api/v1/workers/register   once per start; a name that another live agent holds is refused"""

    @extend_schema(
        request=serializers.RegistrationSerializer, responses=serializers.RegisteredSerializer
    )
    def post(self, request: Request) -> Response:
        body = serializers.RegistrationSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        told = dict(body.validated_data)
        worker_id, session = told.pop("worker_id"), told.pop("session")
        gpu_ids = told.pop("gpu_ids") or []
        seen = is_seen(session, told.pop("store_proof"))
        told["gpus"] = told["gpus"] or [_bare_gpu(index) for index in gpu_ids]
        workers.register(worker_id, Hardware(**told), session=session, now=clock.now())
        return Response(
            {
                "message": f"Worker {worker_id} registered",
                "success": True,
                "worker_id": worker_id,
                "store_id": store_id(),
                "store_seen": seen,
                "lease_seconds": serializers.LEASE_SECONDS,
            }
        )


def _bare_gpu(index: int) -> dict[str, object]:
    """A GPU of an agent that tells no more than its index."""
    return {"index": index, "name": "", "uuid": "", "memory_mb": 0}


class UnregisterView(AgentView):
    """POST /api/v1/workers/unregister {"worker_id"}"""

    @extend_schema(
        request=serializers.UnregisterSerializer, responses=serializers.MessageSerializer
    )
    def post(self, request: Request) -> Response:
        body = serializers.UnregisterSerializer(data=request.data)
        body.is_valid(raise_exception=True)
        return _unregister(body.validated_data["worker_id"])


class UnregisterOneView(AgentView):
    """POST /api/v1/workers/<id>/unregister   without a body"""

    @extend_schema(
        operation_id="workers_unregister_one",
        request=None,
        responses=serializers.MessageSerializer,
    )
    def post(self, request: Request, worker_id: str) -> Response:
        return _unregister(worker_id)


def _unregister(worker_id: str) -> Response:
    workers.unregister(worker_id, now=clock.now())
    return Response({"message": f"Worker {worker_id} unregistered", "success": True})


class SyncView(AgentView):
    """POST /api/v1/workers/<id>/sync   answered at once here; held where the server speaks ASGI"""

    @extend_schema(request=OpenApiTypes.OBJECT, responses=OpenApiTypes.OBJECT)
    def post(self, request: Request, worker_id: str) -> Response:
        report = sync_report(request.data)
        return Response(syncing.exchange(worker_id, report, now=clock.now()).as_json())


class FinishView(AgentView):
    """POST /api/v1/jobs/7/attempts/2/finish   idempotent"""

    @extend_schema(request=serializers.FinishSerializer, responses=serializers.FinishedSerializer)
    def post(self, request: Request, job_id: int, attempt: int) -> Response:
        report = finish_report(request.data)
        job = finishing.finish(job_id, attempt, report, now=clock.now())
        return Response({"job_id": job_id, "attempt": attempt, "status": job.status})
