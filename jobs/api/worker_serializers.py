"""What the API says about workers, and what agents tell it."""

from typing import Any

from rest_framework import serializers

from jobs.api.serializers import PagedSerializer
from jobs.finishing import Outcome
from jobs.selectors import WorkerView
from jobs.states import WorkerStatus
from jobs.versions import Age
from runs.api.pages import CursorField

LEASE_SECONDS = 60


class MessageSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    success = serializers.BooleanField(default=True)


class HolderSerializer(serializers.Serializer[Any]):
    """A process; `user` and `name` are empty where the agent could not see them."""

    pid = serializers.IntegerField()
    user = serializers.CharField()
    name = serializers.CharField()
    memory_mb = serializers.FloatField(allow_null=True)


class BlockedGpuSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField()
    why = serializers.CharField(
        help_text="foreign, memory_held, missing, error, unkillable; of newer agents perhaps more"
    )
    text = serializers.CharField(help_text="GPU 1 is used by bob (pid 123, python, 20 GiB)")
    processes = HolderSerializer(many=True)


class WorkerSerializer(serializers.Serializer[WorkerView]):
    """A worker; `gpu_id` and `current_job_id` are the first of each, for older clients."""

    id = serializers.CharField(source="worker.worker_id")
    hostname = serializers.CharField(source="worker.hostname")
    gpu_id = serializers.SerializerMethodField()
    status = serializers.ChoiceField(choices=WorkerStatus.choices)
    current_job_id = serializers.SerializerMethodField()
    heartbeat_at = serializers.DateTimeField(source="worker.heartbeat_at")
    job_ids = serializers.SerializerMethodField()
    gpus = serializers.JSONField(source="worker.gpus")
    slots = serializers.IntegerField(source="worker.slots")
    cpu_count = serializers.IntegerField(source="worker.cpu_count")
    memory_mb = serializers.IntegerField(source="worker.memory_mb")
    tags = serializers.JSONField(source="worker.tags", help_text="that its agent announces")
    labels = serializers.JSONField(
        source="worker.labels", help_text="that administrators added; they count as tags"
    )
    version = serializers.CharField(source="worker.version")
    version_skew = serializers.ChoiceField(choices=Age.choices, source="skew.age")
    version_note = serializers.CharField(
        source="skew.note", help_text='goes on after "agent 1.2.3"; empty: nothing to say'
    )
    load = serializers.JSONField(source="worker.load")
    blocked_gpus = BlockedGpuSerializer(
        many=True, source="blocked", help_text="that are handed to no job, and why"
    )
    kinds = serializers.JSONField(source="worker.kinds")
    projects = serializers.JSONField(source="worker.projects")
    draining = serializers.BooleanField(source="worker.draining")
    disabled = serializers.BooleanField(source="worker.disabled")

    def get_gpu_id(self, view: WorkerView) -> int | None:
        return view.worker.gpus[0]["index"] if view.worker.gpus else None

    def get_current_job_id(self, view: WorkerView) -> int | None:
        return view.attempts[0].job_id if view.attempts else None

    def get_job_ids(self, view: WorkerView) -> list[int]:
        return [attempt.job_id for attempt in view.attempts]


class WorkerListSerializer(PagedSerializer):
    workers = WorkerSerializer(many=True)


class WorkerQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(
        required=False, default=None, min_value=1, max_value=500, help_text="left out: all"
    )
    cursor = CursorField("workers", str)


class ProjectsSerializer(serializers.Serializer[Any]):
    projects = serializers.ListField(
        child=serializers.CharField(max_length=100),
        max_length=1000,
        help_text="that the worker serves; none: all",
    )


class LabelsSerializer(serializers.Serializer[Any]):
    add = serializers.ListField(child=serializers.CharField(), default=list, max_length=100)
    remove = serializers.ListField(child=serializers.CharField(), default=list, max_length=100)


class GpuSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(min_value=0, max_value=1023)
    name = serializers.CharField(default="", allow_blank=True, max_length=255)
    uuid = serializers.CharField(default="", allow_blank=True, max_length=100)
    memory_mb = serializers.IntegerField(default=0, min_value=0)
    driver_version = serializers.CharField(default="", allow_blank=True, max_length=64)


class RegistrationSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    hostname = serializers.CharField(max_length=255)
    gpu_ids = serializers.ListField(
        child=serializers.IntegerField(min_value=0, max_value=1023), default=list, allow_null=True
    )
    session = serializers.CharField(default="", allow_blank=True, max_length=64)
    gpus = GpuSerializer(many=True, default=list)
    slots = serializers.IntegerField(default=1, min_value=0, max_value=1024)
    cpu_count = serializers.IntegerField(default=0, min_value=0, max_value=1_000_000)
    memory_mb = serializers.IntegerField(default=0, min_value=0, max_value=2**31 - 1)
    store_proof = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=64,
        help_text="what the agent wrote into .store-proof-<session> of its data folder just now",
    )
    tags = serializers.ListField(child=serializers.CharField(max_length=100), default=list)
    kinds = serializers.ListField(
        child=serializers.CharField(max_length=32),
        default=list,
        max_length=100,
        help_text="of jobs that it runs; none: commands",
    )
    version = serializers.CharField(default="", allow_blank=True, max_length=32)
    python = serializers.CharField(default="", allow_blank=True, max_length=32)
    platform = serializers.CharField(default="", allow_blank=True, max_length=128)


class RegisteredSerializer(MessageSerializer):
    worker_id = serializers.CharField()
    store_id = serializers.CharField()
    store_seen = serializers.BooleanField(
        help_text="its proof lies in this server's data folder, too"
    )
    lease_seconds = serializers.IntegerField()


class UnregisterSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)


class FinishSerializer(serializers.Serializer[Any]):
    worker_id = serializers.CharField(max_length=128)
    outcome = serializers.ChoiceField(choices=Outcome.choices)
    exit_code = serializers.IntegerField(
        default=None, allow_null=True, min_value=-(2**31), max_value=2**31 - 1
    )
    signal = serializers.IntegerField(default=None, allow_null=True, min_value=1, max_value=128)
    error_message = serializers.CharField(default="", allow_blank=True, allow_null=True)
    oom = serializers.BooleanField(
        default=False, help_text="the kernel killed one of its processes for want of memory"
    )
    started = serializers.BooleanField(
        default=True, help_text="false where it was handed back before anything of it ran"
    )


class FinishedSerializer(serializers.Serializer[Any]):
    job_id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    status = serializers.CharField()
