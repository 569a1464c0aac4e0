"""The trash through the API."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs import purging, selectors, trash
from runs.api import people
from runs.api.answers import stamp
from runs.api.parsing import checked
from runs.errors import Invalid
from runs.measuring import human
from runs.models import Deletion, RunStatus
from runs.trash import Choice, Moved
from whirr_site.access.api import principal_of

PATIENCE = 20.0  # seconds of one call that empties the trash; who asks again goes on
MOST = 1000
CHOICES = ("project", "tag", "status")


class IdsField(serializers.ListField):
    child = serializers.CharField(max_length=64)

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=MOST, **options)


class DiscardSerializer(serializers.Serializer[Any]):
    """`ids`, or finished runs by what they are, each condition narrowing the others."""

    ids = IdsField(required=False, allow_empty=False)
    project = serializers.CharField(
        required=False, allow_blank=True, max_length=100, help_text="empty: runs without a project"
    )
    tag = serializers.CharField(required=False, max_length=255)
    status = serializers.ChoiceField(choices=RunStatus.values, required=False)
    older_than_seconds = serializers.IntegerField(
        required=False, min_value=0, max_value=3650 * 86400, help_text="since their end"
    )
    force = serializers.BooleanField(
        default=False, help_text="with ids: also direct runs that seem to run"
    )
    dry_run = serializers.BooleanField(default=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        named = "ids" in attrs
        chosen = any(name in attrs for name in (*CHOICES, "older_than_seconds"))
        if named == chosen:
            raise serializers.ValidationError(
                "name the runs in ids, or choose them by project, tag, status or older_than_seconds"
            )
        if chosen and attrs["force"]:
            raise serializers.ValidationError("force goes with ids alone")
        return attrs


class RestoreSerializer(serializers.Serializer[Any]):
    ids = IdsField(allow_empty=False)


class RefusedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    code = serializers.CharField()
    detail = serializers.CharField()


class MovedSerializer(serializers.Serializer[Any]):
    """`runs`: ids of those that went, or in a dry run would go. `more`: ask again, there are others."""

    runs = serializers.ListField(child=serializers.CharField())
    refused = RefusedSerializer(many=True)
    more = serializers.BooleanField()
    dry_run = serializers.BooleanField()
    bytes = serializers.IntegerField(
        allow_null=True, help_text="what a dry run found that would be freed"
    )


class TrashedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    trashed_at = serializers.DateTimeField()
    for_good_at = serializers.DateTimeField()


class DeletionSerializer(serializers.ModelSerializer[Deletion]):
    id = serializers.CharField(source="run_key")

    class Meta:
        model = Deletion
        fields = (
            *("id", "name", "project", "user", "trashed_by", "deleted_by"),
            *("begun_at", "ended_at", "freed_files", "freed_database"),
        )
        read_only_fields = fields


class ContentsSerializer(serializers.Serializer[Any]):
    runs = serializers.IntegerField()
    bytes = serializers.IntegerField(source="room")
    grace_seconds = serializers.IntegerField()
    deletions = DeletionSerializer(many=True)


class KeptSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    detail = serializers.CharField()


class EmptiedSerializer(serializers.Serializer[Any]):
    """`left`: so many are still due; ask again."""

    deleted = serializers.ListField(child=serializers.CharField())
    freed_bytes = serializers.IntegerField()
    freed = serializers.CharField()
    kept = KeptSerializer(many=True)
    left = serializers.IntegerField()


def told(moved: Moved, *, dry_run: bool = False) -> Response:
    refused = [{"id": key, "code": why.code, "detail": why.detail} for key, why in moved.refused]
    said = {"runs": moved.keys, "refused": refused, "more": bool(moved.left), "dry_run": dry_run}
    return Response(said | {"bytes": trash.room_of(moved.keys) if dry_run else None})


class RunView(people.RunView):
    """GET and DELETE /api/v1/runs/job-7   DELETE moves it to the trash"""

    @extend_schema(operation_id="runs_discard", responses=TrashedSerializer)
    def delete(self, request: Request, key: str) -> Response:
        moved = trash.discard([key], by=principal_of(request), now=timezone.now())
        trash.only(moved)
        run = selectors.run(key)
        told = {"id": run.key, "trashed_at": stamp(run.trashed_at)}
        return Response(told | {"for_good_at": stamp(trash.for_good_at(run))})


class DiscardView(APIView):
    """POST /api/v1/runs/trash   to the trash: by their ids, or by what they are"""

    @extend_schema(operation_id="runs_trash", request=DiscardSerializer, responses=MovedSerializer)
    def post(self, request: Request) -> Response:
        body = checked(DiscardSerializer, request.data)
        by, now, dry = principal_of(request), timezone.now(), body["dry_run"]
        if "ids" in body:
            moved = trash.discard(
                body["ids"], by=by, now=now, even_running=body["force"], rehearse=dry
            )
        else:
            moved = trash.discard_chosen(_choice(body), by=by, now=now, rehearse=dry)
        return told(moved, dry_run=dry)


def _choice(body: dict[str, Any]) -> Choice:
    seconds = body.get("older_than_seconds")
    age = None if seconds is None else timedelta(seconds=seconds)
    return Choice(**{name: body.get(name) for name in CHOICES}, older_than=age)


class RestoreView(APIView):
    """POST /api/v1/runs/restore   out of the trash"""

    @extend_schema(
        operation_id="runs_restore", request=RestoreSerializer, responses=MovedSerializer
    )
    def post(self, request: Request) -> Response:
        body = checked(RestoreSerializer, request.data)
        return told(trash.restore(body["ids"], by=principal_of(request)))


class TrashView(APIView):
    """GET /api/v1/trash   how much is in it, and what was deleted for good last"""

    @extend_schema(operation_id="trash", responses=ContentsSerializer)
    def get(self, request: Request) -> Response:
        return Response(ContentsSerializer(trash.contents()).data)


class EmptyView(APIView):
    """POST /api/v1/trash/empty   delete for good now, whatever the grace"""

    scope = "admin"

    @extend_schema(operation_id="trash_empty", request=None, responses=EmptiedSerializer)
    def post(self, request: Request) -> Response:
        if request.data not in ({}, None):
            raise Invalid("the trash is emptied as a whole: send no body")
        purged = purging.purge(
            by=principal_of(request).name, now=timezone.now(), all_of_it=True, patience=PATIENCE
        )
        return Response(
            {
                "deleted": purged.keys,
                "freed_bytes": purged.freed,
                "freed": human(purged.freed),
                "kept": [{"id": key, "detail": why} for key, why in purged.kept.items()],
                "left": purged.left,
            }
        )
