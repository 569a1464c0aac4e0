"""What the API says about series, and how they are asked for."""

import math
from typing import Any

from rest_framework import serializers

from runs.series.asking import KEYS_AT_ONCE, RUNS_AT_ONCE

X = "step, relative (seconds since the run began), time (seconds since 1970), or metric:<key>"
LARGEST = 2**31 - 1


class PointsSerializer(serializers.Serializer[Any]):
    """Columns of equal length; NaN and infinities are the words "NaN", "Infinity", "-Infinity"."""

    x = serializers.ListField(child=serializers.JSONField())
    step = serializers.ListField(child=serializers.IntegerField())
    value = serializers.ListField(child=serializers.JSONField())
    time = serializers.ListField(child=serializers.FloatField())
    min = serializers.ListField(child=serializers.JSONField())
    max = serializers.ListField(child=serializers.JSONField())
    count = serializers.ListField(
        child=serializers.IntegerField(), help_text="points in each bucket"
    )


class OneSeriesSerializer(serializers.Serializer[Any]):
    run = serializers.CharField()
    attempt = serializers.IntegerField()
    key = serializers.CharField()
    writer = serializers.CharField(help_text="empty for the main one; r1 for rank 1")
    count = serializers.IntegerField()
    last = serializers.JSONField()
    min = serializers.JSONField()
    max = serializers.JSONField()
    nan_count = serializers.IntegerField()
    first_nan_step = serializers.IntegerField(allow_null=True)
    exact = serializers.BooleanField(help_text="no point was left out")
    points = PointsSerializer()


class SeriesListSerializer(serializers.Serializer[Any]):
    series = OneSeriesSerializer(many=True)


class ManySeriesSerializer(SeriesListSerializer):
    missing = serializers.ListField(
        child=serializers.CharField(), help_text="ids that were asked for, and are no run's"
    )


class FiniteField(serializers.FloatField):
    """A number, and not one of the words that Python also takes for one."""

    def to_internal_value(self, data: Any) -> float:
        value = super().to_internal_value(data)
        if not math.isfinite(value):
            self.fail("invalid")
        return value


class ListOrTextField(serializers.ListField):
    """A list of texts, or one text with commas between them."""

    child = serializers.CharField(max_length=255)

    def get_value(self, dictionary: Any) -> Any:
        if hasattr(dictionary, "getlist"):  # a query
            told = dictionary.getlist(self.field_name)
            return ",".join(told) if told else serializers.empty
        return dictionary.get(self.field_name, serializers.empty)

    def to_internal_value(self, data: Any) -> list[str]:
        if isinstance(data, str):
            data = [part.strip() for part in data.split(",") if part.strip()]
        return list(super().to_internal_value(data))


class Drawing(serializers.Serializer[Any]):
    """How series are to be drawn; part of every question for them."""

    width = serializers.IntegerField(required=False, min_value=10, max_value=10_000, default=800)
    x = serializers.CharField(required=False, default="step", max_length=300, help_text=X)
    attempt = serializers.IntegerField(
        required=False, min_value=1, max_value=LARGEST, default=None, allow_null=True
    )
    writer = serializers.CharField(
        required=False,
        default=None,
        allow_null=True,
        allow_blank=True,
        max_length=32,
        help_text="series of this one alone",
    )
    neighbours = serializers.BooleanField(
        required=False,
        default=False,
        help_text="also the nearest points on both sides of the x range",
    )
    to = FiniteField(required=False, default=None, allow_null=True, help_text="end of the x range")

    def get_fields(self) -> dict[str, Any]:
        """With `from`, which Python keeps for itself."""
        start = FiniteField(
            required=False, default=None, allow_null=True, help_text="beginning of the x range"
        )
        return {**super().get_fields(), "from": start}


class SeriesQuery(Drawing):
    keys = serializers.CharField(
        required=False, default="", help_text="between commas; all if left out"
    )


class ManySeriesQuery(Drawing):
    runs = ListOrTextField(help_text=f"ids, at most {RUNS_AT_ONCE}")
    keys = ListOrTextField(
        required=False, default=list, help_text=f"at most {KEYS_AT_ONCE}; all if left out"
    )
    format = serializers.ChoiceField(choices=["json", "binary"], required=False, default="json")
