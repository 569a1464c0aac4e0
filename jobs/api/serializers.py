"""What the API says about jobs: the fields of v1, and ours. `jobs.api.answers` writes them faster."""

from typing import Any

from rest_framework import serializers

from jobs.api.fields import MOST_JOBS, ArrayField, ParentField, numbers
from jobs.models import Attempt, Dependency, Job, JobEvent
from jobs.models.requirement import COMMAND
from jobs.selectors import ACTIVE
from jobs.states import JobStatus, StopSignal
from runs.api.pages import CursorField

PRIORITY: dict[str, Any] = {"min_value": -1_000_000, "max_value": 1_000_000}


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
    held = serializers.BooleanField(source="is_held", read_only=True)
    array_id = ArrayField(read_only=True, allow_null=True, help_text="A3; null outside of an array")
    retry_of = serializers.IntegerField(source="retry_of_id", read_only=True, allow_null=True)
    gpus = serializers.IntegerField(source="requirement.gpus", read_only=True, allow_null=True)
    min_memory_mb = serializers.IntegerField(source="requirement.min_memory_mb", read_only=True)
    gpu_model = serializers.CharField(source="requirement.gpu_model", read_only=True)
    require_tags = serializers.ListField(
        source="requirement.tags", child=serializers.CharField(), read_only=True
    )
    kind = serializers.CharField(source="requirement.kind", read_only=True)

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
            "stop_signal",
            "exclusive",
            "cancel_requested",
            "lease_expires_at",
            "url",
            "held",
            "held_by",
            "not_before",
            "array_id",
            "array_index",
            "retry_of",
            "retry_exit_codes",
            "gpus",
            "min_memory_mb",
            "gpu_model",
            "require_tags",
            "kind",
        )
        read_only_fields = fields

    def get_url(self, job: Job) -> str:
        return f"/runs/{job.run.key}/"


class DependencySerializer(serializers.ModelSerializer[Dependency]):
    """What the job waits for, or waited for, and how that stands."""

    job_id = serializers.IntegerField(source="on_id")
    status = serializers.ChoiceField(source="on.status", choices=JobStatus.choices)

    class Meta:
        model = Dependency
        fields = ("job_id", "kind", "status")
        read_only_fields = fields


class JobDetailSerializer(JobSerializer):
    attempts = AttemptSerializer(many=True, read_only=True)
    after = DependencySerializer(source="dependencies", many=True, read_only=True)

    class Meta(JobSerializer.Meta):
        fields = (*JobSerializer.Meta.fields, "attempts", "after")  # type: ignore[assignment]  # longer
        read_only_fields = fields  # type: ignore[assignment]


class PagedSerializer(serializers.Serializer[Any]):
    next_cursor = serializers.CharField(allow_null=True, help_text="null at the end of the list")


class JobListSerializer(PagedSerializer):
    jobs = JobSerializer(many=True)


class EventSerializer(serializers.ModelSerializer[JobEvent]):
    class Meta:
        model = JobEvent
        fields = ("id", "attempt", "kind", "reason", "message", "actor", "at")
        read_only_fields = fields


class EventListSerializer(PagedSerializer):
    events = EventSerializer(many=True)


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
    priority = serializers.IntegerField(default=0, **PRIORITY)
    gpus = serializers.IntegerField(default=None, allow_null=True, min_value=0, max_value=1024)
    min_memory_mb = serializers.IntegerField(default=0, min_value=0, max_value=100_000_000)
    gpu_model = serializers.CharField(default="", allow_blank=True, max_length=100)
    require_tags = serializers.ListField(child=serializers.CharField(max_length=100), default=list)
    kind = serializers.CharField(default=COMMAND, max_length=32)
    retries = serializers.IntegerField(default=0, min_value=0, max_value=1000)
    retry_exit_codes = serializers.ListField(
        child=serializers.IntegerField(min_value=-(2**31), max_value=2**31 - 1),
        default=list,
        max_length=256,
        help_text="which exit codes are worth a retry; none: all",
    )
    timeout_seconds = serializers.IntegerField(
        default=None, allow_null=True, min_value=1, max_value=365 * 86400
    )
    grace_seconds = serializers.IntegerField(default=30, min_value=0, max_value=86400)
    stop_signal = serializers.ChoiceField(choices=StopSignal.choices, default=StopSignal.TERM)
    exclusive = serializers.BooleanField(default=False)
    held = serializers.BooleanField(default=False, help_text="not to start until released")
    after = serializers.ListField(child=ParentField(), default=list, max_length=MOST_JOBS)
    array = serializers.CharField(
        default=None, allow_null=True, max_length=255, help_text="a job for each index: 0-99%8"
    )

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        empty: dict[str, Any] = {"name": "", "config": {}, "tags": []}  # whirr 0.5 sends null
        return attrs | {name: attrs[name] or value for name, value in empty.items()}


class SubmittedSerializer(serializers.Serializer[Any]):
    """Of an array: the first member, the array, and the numbers of all."""

    job_id = serializers.IntegerField()
    run_id = serializers.CharField()
    run_dir = serializers.CharField()
    status = serializers.ChoiceField(choices=JobStatus.choices)
    message = serializers.CharField()
    url = serializers.CharField()
    array_id = serializers.CharField(required=False)
    job_ids = serializers.ListField(child=serializers.IntegerField(), required=False)


class RetriedSerializer(SubmittedSerializer):
    retry_of = serializers.IntegerField()


class RetryPairSerializer(serializers.Serializer[Any]):
    job_id = serializers.IntegerField()
    retry_of = serializers.IntegerField()


class RetriedManySerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    jobs = RetryPairSerializer(many=True)


class JobFilter(serializers.Serializer[Any]):
    """Which jobs; what is left out or empty narrows nothing."""

    tag = serializers.CharField(required=False, allow_blank=True, max_length=100)
    project = serializers.CharField(required=False, allow_blank=True, max_length=100)
    user = serializers.CharField(required=False, allow_blank=True, max_length=150)
    array = ArrayField(required=False, allow_null=True, help_text="like A3")
    name = serializers.CharField(
        required=False, allow_blank=True, max_length=255, help_text="the whole name"
    )


class JobQuery(JobFilter):
    status = serializers.ChoiceField(
        choices=[*JobStatus.values, ACTIVE],
        required=False,
        default="",
        allow_blank=True,
        help_text="active: not ended",
    )
    worker = serializers.CharField(
        required=False, allow_blank=True, max_length=128, help_text="that runs it, or ran it last"
    )
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)
    cursor = CursorField("jobs")


class EventQuery(serializers.Serializer[Any]):
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)
    cursor = CursorField("events")


class ChoiceSerializer(JobFilter):
    """Which jobs are to be changed: something has to be said."""

    ids = numbers(required=False, allow_empty=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        said = {name: value for name, value in attrs.items() if value not in ("", None)}
        if not said:
            raise serializers.ValidationError(f"say which jobs: {', '.join(self.fields)}")
        return said


class CancelManySerializer(ChoiceSerializer):
    status = serializers.ChoiceField(
        choices=[JobStatus.QUEUED, JobStatus.WAITING, JobStatus.RUNNING, ACTIVE],
        required=False,
        help_text="active if left out: whatever has not ended",
    )


class PrioritySerializer(serializers.Serializer[Any]):
    priority = serializers.IntegerField(**PRIORITY)


class CancelledSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    previous_status = serializers.CharField()


class CancelledQueuedSerializer(serializers.Serializer[Any]):
    message = serializers.CharField()
    job_ids = serializers.ListField(child=serializers.IntegerField())


class CancelledManySerializer(serializers.Serializer[Any]):
    """`cancelled` did not run and have ended; `stopping` run, and end as soon as their agents have stopped them."""

    message = serializers.CharField()
    cancelled = serializers.ListField(child=serializers.IntegerField())
    stopping = serializers.ListField(child=serializers.IntegerField())
