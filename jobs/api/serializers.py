"""What the API says about the queue: the fields of v1, and ours."""

from typing import Any

from rest_framework import serializers

from jobs.finishing import Outcome
from jobs.models import Attempt, Job
from jobs.selectors import ACTIVE, WorkerView
from jobs.states import JobStatus, WorkerStatus
from runs import storage

TEXT = {"max_length": 255, "trim_whitespace": True}


class AttemptSerializer(serializers.ModelSerializer[Attempt]):
    worker_id = serializers.CharField(source="worker_name")

    class Meta:
        model = Attempt
        fields = (
            "number",
            "status",
            "reason",
            "error_message",
            "worker_id",
            "gpus",
            "started_at",
            "finished_at",
            "exit_code",
            "signal",
        )
        read_only_fields = fields


class JobSerializer(serializers.ModelSerializer[Job]):
    """A job without its environment: values there may be secret, and are for the job alone."""

    worker_id = serializers.CharField(source="worker.worker_id", allow_null=True, default=None)
    run_id = serializers.CharField(source="run.key")
    url = serializers.SerializerMethodField()
    cancel_requested = serializers.BooleanField(read_only=True)

    class Meta:
        model = Job
        fields = (
            "id",
            "name",
            "command_argv",
            "workdir",
            "config",
            "tags",
            "status",
            "attempt",
            "worker_id",
            "created_at",
            "started_at",
            "finished_at",
            "exit_code",
            "run_id",
            "reason",
            "error_message",
            "project",
            "user",
            "priority",
            "retries",
            "timeout_seconds",
            "grace_seconds",
            "exclusive",
            "cancel_requested",
            "lease_expires_at",
            "url",
        )
        read_only_fields = fields

    def get_url(self, job: Job) -> str:
        return f"/runs/{job.run.key}/"


class JobDetailSerializer(JobSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)

    class Meta(JobSerializer.Meta):
        fields = (*JobSerializer.Meta.fields, "attempts")  # type: ignore[assignment]  # longer
        read_only_fields = fields  # type: ignore[assignment]


class JobListSerializer(serializers.Serializer[Any]):
    jobs = JobSerializer(many=True)


class SubmissionSerializer(serializers.Serializer[Any]):
    """What to run. `gpus` null: one slot of a worker, a GPU where it has some."""

    command_argv = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), min_length=1
    )
    workdir = serializers.CharField(max_length=4096, trim_whitespace=False)
    name = serializers.CharField(default="", allow_blank=True, allow_null=True, max_length=255)
    config = serializers.DictField(default=dict, allow_null=True)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100), default=list, allow_null=True
    )
    env = serializers.DictField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False), default=dict
    )
    project = serializers.CharField(default="", allow_blank=True, max_length=100)
    priority = serializers.IntegerField(default=0, min_value=-1_000_000, max_value=1_000_000)
    gpus = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=1024)
    min_memory_mb = serializers.IntegerField(default=0, min_value=0, max_value=100_000_000)
    require_tags = serializers.ListField(child=serializers.CharField(max_length=100), default=list)
    retries = serializers.IntegerField(default=0, min_value=0, max_value=1000)
    timeout_seconds = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=365 * 86400
    )
    grace_seconds = serializers.IntegerField(default=30, min_value=0, max_value=86400)
    exclusive = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        empty: dict[str, Any] = {"name": "", "config": {}, "tags": []}  # whirr 0.5 sends null
        return attrs | {name: attrs[name] or value for name, value in empty.items()}


class SubmittedSerializer(serializers.Serializer[Any]):
    job_id = serializers.IntegerField()
    run_id = serializers.CharField()
    run_dir = serializers.CharField()
    message = serializers.CharField()
    url = serializers.CharField()


class JobQuery(serializers.Serializer[Any]):
    status = serializers.ChoiceField(
        choices=[*JobStatus.values, ACTIVE],
        required=False,
        default="",
        allow_blank=True,
        help_text="active: not ended",
    )
    tag = serializers.CharField(required=False, default="")
    project = serializers.CharField(required=False, default="")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)


class CancelledSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    previous_status = serializers.CharField()


class CancelledManySerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    job_ids = serializers.ListField(child=serializers.IntegerField())


class StatusSerializer(serializers.Serializer[Any]):
    queued = serializers.IntegerField()
    running = serializers.IntegerField()
    completed = serializers.IntegerField()
    failed = serializers.IntegerField()
    workers_online = serializers.IntegerField()
    workers_total = serializers.IntegerField()
    waiting = serializers.IntegerField()
    cancelled = serializers.IntegerField()


class MessageSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    success = serializers.BooleanField(default=True)


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
    tags = serializers.JSONField(source="worker.tags")
    version = serializers.CharField(source="worker.version")
    load = serializers.JSONField(source="worker.load")

    def get_gpu_id(self, view: WorkerView) -> int | None:
        return view.worker.gpus[0]["index"] if view.worker.gpus else None

    def get_current_job_id(self, view: WorkerView) -> int | None:
        return view.attempts[0].job_id if view.attempts else None

    def get_job_ids(self, view: WorkerView) -> list[int]:
        return [attempt.job_id for attempt in view.attempts]


class WorkerListSerializer(serializers.Serializer[Any]):
    workers = WorkerSerializer(many=True)


class GpuSerializer(serializers.Serializer[Any]):
    index = serializers.IntegerField(min_value=0, max_value=1023)
    name = serializers.CharField(default="", allow_blank=True, max_length=255)
    uuid = serializers.CharField(default="", allow_blank=True, max_length=100)
    memory_mb = serializers.IntegerField(default=0, min_value=0)


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
    tags = serializers.ListField(child=serializers.CharField(max_length=100), default=list)
    version = serializers.CharField(default="", allow_blank=True, max_length=32)
    python = serializers.CharField(default="", allow_blank=True, max_length=32)
    platform = serializers.CharField(default="", allow_blank=True, max_length=128)


class RegisteredSerializer(MessageSerializer):
    worker_id = serializers.CharField()
    store_id = serializers.CharField()
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


class FinishedSerializer(serializers.Serializer[Any]):
    job_id = serializers.IntegerField()
    attempt = serializers.IntegerField()
    status = serializers.CharField()


def submitted(job: Job) -> dict[str, Any]:
    """The answer to a submission."""
    return {
        "job_id": job.pk,
        "run_id": job.run.key,
        "run_dir": str(storage.run_folder(job.run.key)),
        "message": f"Job {job.pk} queued",
        "url": f"/runs/{job.run.key}/",
    }


LEASE_SECONDS = 60
