"""PATCH /api/v1/runs/<key>: what people say about a run."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs import annotating, clock
from runs.annotating import UNSAID, Change
from runs.api import answers, discarding
from runs.api.parsing import checked
from runs.api.serializers import RunSerializer
from runs.errors import Forbidden, Invalid
from whirr_site.access.api import principal_of


class AnnotationSerializer(serializers.Serializer[Any]):
    """What is left out stays as it is; `tags` and `notes` are replaced as a whole."""

    name = serializers.CharField(
        required=False, allow_blank=True, max_length=annotating.NAME_LONGEST
    )
    project = serializers.CharField(
        required=False, allow_blank=True, max_length=annotating.PROJECT_LONGEST
    )
    tags = serializers.ListField(
        child=serializers.CharField(max_length=annotating.TAG_LONGEST),
        required=False,
        max_length=annotating.TAGS_MOST,
    )
    notes = serializers.CharField(
        required=False,
        allow_blank=True,
        trim_whitespace=False,
        max_length=annotating.NOTES_LONGEST,
        help_text="Markdown; no HTML in it is ever shown as such",
    )
    notes_seen = serializers.DateTimeField(
        required=False,
        allow_null=True,
        help_text="notes_at of the notes that these were written over (null: there were none); 409 if they are others",
    )


class RunView(discarding.RunView):
    """GET, PATCH and DELETE /api/v1/runs/job-7"""

    @extend_schema(
        operation_id="runs_annotate", request=AnnotationSerializer, responses=RunSerializer
    )
    def patch(self, request: Request, key: str) -> Response:
        if principal_of(request).run is not None:
            raise Forbidden("a run's own token cannot describe runs: its program does, as it logs")
        if not isinstance(request.data, dict):
            raise Invalid('the body is an object, such as {"tags": ["baseline"]}')
        unknown = set(request.data) - set(AnnotationSerializer().fields)
        if unknown:
            known = ", ".join(AnnotationSerializer().fields)
            raise Invalid(f"{min(unknown)[:60]!r} cannot be changed; {known} can")
        said = checked(AnnotationSerializer, request.data)
        change = Change(**{"notes_seen": UNSAID, **said})
        run = annotating.annotate(key, change, by=principal_of(request), now=clock.now())
        return Response(answers.run_json(run))
