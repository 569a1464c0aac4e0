"""A body or a query, read by its serializer."""

from typing import Any


def checked(serializer: Any, data: Any) -> dict[str, Any]:
    """What it says. Raises DRF's ValidationError, which names the fields that cannot be meant."""
    body = serializer(data=data)
    body.is_valid(raise_exception=True)
    return dict(body.validated_data)
