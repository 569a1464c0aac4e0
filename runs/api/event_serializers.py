"""What the API says about events and alerts."""

from typing import Any

from rest_framework import serializers

from runs.api.pages import CursorField
from runs.models import Event, EventKind, Level


class RunEventSerializer(serializers.ModelSerializer[Event]):
    """A line of an events file. `body` holds what has no field of its own; `time` is in seconds since 1970."""

    time = serializers.FloatField(source="at")

    class Meta:
        model = Event
        fields = ("attempt", "writer", "index", "kind", "level", "key", "step", "time", "body")
        read_only_fields = fields


class RunEventListSerializer(serializers.Serializer[Any]):
    events = RunEventSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="null at the end of the list")


class AlertSerializer(serializers.Serializer[Any]):
    """What a run raised an alert for."""

    run_id = serializers.CharField()
    run_name = serializers.CharField()
    attempt = serializers.IntegerField()
    writer = serializers.CharField()
    level = serializers.ChoiceField(choices=Level.choices)
    title = serializers.CharField()
    text = serializers.CharField()
    step = serializers.IntegerField(allow_null=True)
    time = serializers.FloatField(help_text="seconds since 1970")
    url = serializers.CharField()


class AlertListSerializer(serializers.Serializer[Any]):
    alerts = AlertSerializer(many=True)
    next_cursor = serializers.CharField(allow_null=True, help_text="null at the end of the list")


class EventQuery(serializers.Serializer[Any]):
    """Which events of a run; the newest attempt's where none is named."""

    kind = serializers.ChoiceField(
        choices=EventKind.values, required=False, default="", allow_blank=True
    )
    key = serializers.CharField(required=False, default=None, max_length=255, allow_blank=True)
    writer = serializers.CharField(
        required=False,
        default=None,
        max_length=32,
        allow_blank=True,
        help_text="r1, r2, …; empty: the main one; left out: all",
    )
    attempt = serializers.IntegerField(
        required=False, min_value=1, max_value=2**31 - 1, default=None, allow_null=True
    )
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)
    cursor = CursorField("events", str)


class AlertQuery(serializers.Serializer[Any]):
    """Which alerts; the newest come first."""

    level = serializers.ChoiceField(
        choices=Level.values, required=False, default="", allow_blank=True
    )
    since = serializers.DateTimeField(required=False, default=None, allow_null=True)
    limit = serializers.IntegerField(required=False, default=50, min_value=1, max_value=500)
    cursor = CursorField("alerts")
