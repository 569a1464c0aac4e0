"""How jobs, arrays and their conditions are written: 12, "A3", "any:12"."""

import re
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from jobs.parents import Parent
from jobs.states import After

LARGEST = 2**63 - 1
MOST_JOBS = 10_000  # named in one call
PARENT = re.compile(r"(?:(ok|any|notok):)?(A?)([0-9]{1,18})\Z")
ARRAY = re.compile(r"A?([0-9]{1,18})\Z")


@extend_schema_field(OpenApiTypes.STR)
class ArrayField(serializers.Field[int, Any, str, Any]):
    """An array: "A3", or its bare number."""

    default_error_messages = {"array": "is no array; an array is written like A3"}

    def to_internal_value(self, data: Any) -> int:
        found = ARRAY.match(str(data)) if isinstance(data, (int, str)) else None
        if found is None or isinstance(data, bool):
            self.fail("array")
        return int(found[1])

    def to_representation(self, value: int) -> str:
        return f"A{value}"


@extend_schema_field(OpenApiTypes.STR)
class ParentField(serializers.Field[Parent, Any, str, Any]):
    """What to wait for: 12, "12", "any:12", "notok:12", "A3", "any:A3"."""

    default_error_messages = {
        "parent": "names no job; write 12, ok:12, any:12, notok:12, or A3 for each member of an array"
    }

    def to_internal_value(self, data: Any) -> Parent:
        found = PARENT.match(str(data)) if isinstance(data, (int, str)) else None
        if found is None or isinstance(data, bool):
            self.fail("parent")
        return Parent(int(found[3]), After(found[1] or After.OK), is_array=bool(found[2]))

    def to_representation(self, value: Parent) -> str:
        return f"{value.kind}:{'A' if value.is_array else ''}{value.number}"


def numbers(**options: Any) -> serializers.ListField:
    """Numbers of jobs."""
    number = serializers.IntegerField(min_value=1, max_value=LARGEST)
    return serializers.ListField(child=number, max_length=MOST_JOBS, **options)
