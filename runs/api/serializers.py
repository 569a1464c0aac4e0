"""What the API says about runs: the fields of v1, and ours."""

from typing import Any

from rest_framework import serializers

from runs.api import answers
from runs.api.pages import CursorField
from runs.models import Artifact, Run, RunStatus
from runs.query.fields import FLAG


class RunSerializer(serializers.ModelSerializer[Run]):
    """A run. `duration_seconds` is null until its end; `run_dir` is the folder on the server.

    `dropped` counts what its program could not record, `resumed` how often it went on with the run. `notes` are
    people's own words in Markdown, last changed by `notes_by` at `notes_at`.
    """

    id = serializers.CharField(source="key", read_only=True)
    job_id = serializers.SerializerMethodField()
    run_dir = serializers.SerializerMethodField()
    duration_seconds = serializers.FloatField(read_only=True, allow_null=True)
    url = serializers.SerializerMethodField()

    class Meta:
        model = Run
        fields = (
            "id",
            "job_id",
            "name",
            "config",
            "tags",
            "status",
            "started_at",
            "finished_at",
            "duration_seconds",
            "summary",
            "hostname",
            "run_dir",
            "kind",
            "project",
            "user",
            "attempt",
            "dropped",
            "resumed",
            "notes",
            "notes_by",
            "notes_at",
            "created_at",
            "archived_at",
            "archived_by",
            "trashed_at",
            "url",
        )
        read_only_fields = fields

    def get_job_id(self, run: Run) -> int | None:
        return answers.job_of(run.key)

    def get_run_dir(self, run: Run) -> str:
        return answers.folder_of(run.key)

    def get_url(self, run: Run) -> str:
        return f"/runs/{run.key}/"


class RunListSerializer(serializers.Serializer[Any]):
    runs = RunSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="null at the end of the list")


class ArtifactSerializer(serializers.ModelSerializer[Artifact]):
    modified = serializers.DateTimeField(source="modified_at")

    class Meta:
        model = Artifact
        fields = ("path", "size", "modified", "attempt")
        read_only_fields = fields


class ArtifactListSerializer(serializers.Serializer[Any]):
    artifacts = ArtifactSerializer(many=True)
    count = serializers.IntegerField()


class MetricsSerializer(serializers.Serializer[Any]):
    metrics = serializers.ListField(child=serializers.DictField())
    count = serializers.IntegerField()


class SizeSerializer(serializers.Serializer[Any]):
    size = serializers.IntegerField()
    next_interval = serializers.FloatField(required=False)
    complete = serializers.BooleanField(required=False)


class RunQuery(serializers.Serializer[Any]):
    """Filters of a list."""

    status = serializers.ChoiceField(
        choices=RunStatus.values, required=False, default="", allow_blank=True
    )
    tag = serializers.CharField(required=False, default="")
    project = serializers.CharField(required=False, default="")
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)
    trashed = serializers.BooleanField(
        required=False, default=False, help_text="those in the trash, and no others"
    )
    archived = serializers.ChoiceField(
        choices=FLAG,
        required=False,
        default="",
        allow_blank=True,
        help_text="without a word here or in `filter`, archived runs are left out",
    )
    filter = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=4000,
        trim_whitespace=False,
        help_text="as the box of the runs page takes it: state:failed lr>=1e-4 commit:3f2a91; see docs/filter.md",
    )
    sort = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=4000,
        help_text="columns with commas between, a minus before one to go down: -metric.loss:min,name",
    )
    cursor = CursorField("runs")

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        """A sorted list goes on where it stopped counting, and its cursors are of another kind."""
        self.fields["cursor"] = CursorField("runs-sorted" if data.get("sort") else "runs")
        return dict(super().to_internal_value(data))


class LogQuery(serializers.Serializer[Any]):
    attempt = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, default=None, allow_null=True
    )
    offset = serializers.IntegerField(required=False, default=0, help_text="negative: from the end")
    limit = serializers.IntegerField(
        required=False, min_value=1, max_value=1024 * 1024, default=1024 * 1024
    )
    since = serializers.FloatField(
        required=False,
        default=None,
        allow_null=True,
        help_text="seconds since 1970, or ago as a negative number: from there on, instead of `offset`",
    )


class GrepQuery(serializers.Serializer[Any]):
    attempt = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, default=None, allow_null=True
    )
    q = serializers.CharField(trim_whitespace=False, help_text="what to look for")
    kind = serializers.CharField(required=False, default="text", help_text="text or regex")
    case = serializers.BooleanField(required=False, default=False)
    since = serializers.FloatField(required=False, default=None, allow_null=True)
    tail = serializers.IntegerField(required=False, default=None, allow_null=True)
