"""POST /api/v1/runs: whoever delivers a direct run tells of it first."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from runs import clock, direct
from runs.api.parsing import checked
from runs.api.people import RunListView
from runs.direct import Opening
from whirr_site.access import run_tokens
from whirr_site.access.api import principal_of
from whirr_site.access.store import is_seen, store_id


class OpeningSerializer(serializers.Serializer[Any]):
    """A direct run that is going to be delivered."""

    id = serializers.RegexField(
        direct.KEY, max_length=64, help_text="local-YYYYMMDD-HHMMSS-6hex, as the library makes it"
    )
    name = serializers.CharField(default="", allow_blank=True, max_length=255)
    project = serializers.CharField(default="", allow_blank=True, max_length=100)
    tags = serializers.ListField(
        child=serializers.CharField(max_length=100), default=list, max_length=100
    )
    session = serializers.CharField(default="", allow_blank=True, max_length=64)
    store_proof = serializers.CharField(
        default="",
        allow_blank=True,
        max_length=64,
        help_text="what was written into .store-proof-<session> of the run's data folder just now",
    )


class OpenedSerializer(serializers.Serializer[Any]):
    id = serializers.CharField()
    attempt = serializers.IntegerField()
    token = serializers.CharField(help_text="writes to this run and reads it, and nothing else")
    url = serializers.CharField(help_text="of its page")
    store_id = serializers.CharField(help_text="names this server's data folder")
    store_seen = serializers.BooleanField(help_text="the proof was found there")


class RunsView(RunListView):
    """GET lists runs, newest first; POST opens a direct run, or finds it open."""

    @extend_schema(request=OpeningSerializer, responses=OpenedSerializer, operation_id="runs_open")
    def post(self, request: Request) -> Response:
        told = checked(OpeningSerializer, request.data)
        sees = is_seen(told["session"], told["store_proof"])
        wish = Opening(told["id"], told["name"], told["project"], told["tags"])
        run = direct.open_run(wish, by=principal_of(request), sees=sees, now=clock.now())
        return Response(
            {
                "id": run.key,
                "attempt": direct.ATTEMPT,
                "token": run_tokens.make(run.key, direct.ATTEMPT),
                "url": f"/runs/{run.key}/",
                "store_id": store_id(),
                "store_seen": sees,
            }
        )
