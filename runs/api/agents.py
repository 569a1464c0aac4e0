"""The hot calls of the record once more, for servers without ASGI and for the OpenAPI document."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from runs.api import serializers, writing
from runs.api.calls import unpacked
from runs.streams import BODY_LIMIT
from whirr_site.access.api import principal_of


class BytesParser(BaseParser):
    """Any body as it is."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        return stream.read()


class _WriteView(APIView):
    parser_classes = (BytesParser,)
    open_to_runs = True
    scope = "worker"
    kind = ""

    def _write(self, request: Request, key: str, attempt: int, name: str) -> Response:
        body: Any = request.data  # DRF gives an empty dictionary where there is no body
        data = unpacked(body or b"", request.headers.get("content-encoding", ""), limit=BODY_LIMIT)
        query = request.query_params.dict()
        writer = writing.WRITERS[self.kind]
        return Response(writer(principal_of(request), key, attempt, name, query, data))


_BYTES = {"application/octet-stream": OpenApiTypes.BINARY}
_OFFSET = OpenApiParameter("offset", int, description="where the body begins")
_SIZE = OpenApiParameter("size", int, description="of the whole file")
_TAIL = (
    OpenApiParameter("tail", int, description="how many bytes before the offset sha256 is of"),
    OpenApiParameter("sha256", str, description="of these bytes, as the sender has them"),
    OpenApiParameter(
        "restart", bool, description="1: where the server has others, keep its file and begin anew"
    ),
)
_MARKS = OpenApiParameter(
    "marks", str, description="when output.log grew: SIZE-AGE-BEFORE in bytes and ms, joined by _"
)
_SHA256 = OpenApiParameter(
    "sha256", str, description="of the whole file; with no body at offset 0: is it known already?"
)


class StreamView(_WriteView):
    """PUT bytes of a stream at an offset, or, without offset and body, the size of a file on a shared disk."""

    kind = "streams"

    @extend_schema(
        request=_BYTES,
        parameters=[_OFFSET, _SIZE, *_TAIL, _MARKS],
        responses=serializers.SizeSerializer,
    )
    def put(self, request: Request, key: str, attempt: int, name: str) -> Response:
        return self._write(request, key, attempt, name)


class DocumentView(_WriteView):
    """PUT a whole document."""

    kind = "documents"

    @extend_schema(
        request=_BYTES,
        parameters=[OpenApiParameter("shared", bool, description="it lies on the shared disk")],
        responses=serializers.SizeSerializer,
    )
    def put(self, request: Request, key: str, attempt: int, name: str) -> Response:
        return self._write(request, key, attempt, name)


class ArtifactPartView(_WriteView):
    """PUT a part of an artifact."""

    kind = "artifacts"

    @extend_schema(
        request=_BYTES, parameters=[_OFFSET, _SIZE, _SHA256], responses=serializers.SizeSerializer
    )
    def put(self, request: Request, key: str, attempt: int, path: str) -> Response:
        return self._write(request, key, attempt, path)
