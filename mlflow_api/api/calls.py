"""One class for all calls: it finds out who asks, reads the body, calls a function, and answers as MLflow does."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

from rest_framework.exceptions import MethodNotAllowed, ParseError
from rest_framework.parsers import BaseParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from mlflow_api.api.body import Body, body_of
from mlflow_api.refusals import Refusal
from whirr_site.access.api import principal_of
from whirr_site.access.principals import Principal

LARGEST = 16 * 1024 * 1024  # bytes of a body: a data set's profile may have nearly as many


@dataclass(frozen=True, slots=True)
class Call:
    """What a call is given: who asks, the fields of body or query, and the parts of the address."""

    principal: Principal
    body: Body
    path: dict[str, str]


Answer = Callable[[Call], dict[str, Any]]


class BoundedJSON(BaseParser):
    """JSON whatever the client calls it, of a bounded size; an empty body is an empty object."""

    media_type = "*/*"

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        data = stream.read(LARGEST + 1)
        if len(data) > LARGEST:
            raise Refusal(
                "INVALID_PARAMETER_VALUE", f"A request carries at most {LARGEST} bytes of JSON."
            )
        try:
            return json.loads(data) if data.strip() else {}
        except (ValueError, RecursionError) as error:
            raise ParseError(f"The body is no JSON: {error}") from error


class MlflowView(APIView):
    """Refusals in MLflow's shape; no part of whirr's own OpenAPI document, since MLflow's REST API has its own."""

    schema: Any = None
    parser_classes: Any = (BoundedJSON,)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, Refusal):
            told = {"error_code": exc.code, "message": exc.message}
            response = Response(told, status=exc.status)
            response.exception = True
            response._has_been_logged = True  # type: ignore[attr-defined]  # a 501 is no failure of ours
            return response
        return super().handle_exception(exc)


class Endpoint(MlflowView):
    """One address; `answers` has a function for each method."""

    answers: ClassVar[dict[str, Answer]] = {}
    scope = ""

    def _answer(self, request: Request, **path: str) -> Response:
        function = self.answers.get(request.method or "")
        if function is None:
            raise MethodNotAllowed(request.method or "")
        if request.method == "GET":
            query = {name: values for name, values in request.query_params.lists() if values}
            body = Body({name: v[0] if len(v) == 1 else v for name, v in query.items()})
        else:
            body = body_of(request.data)
        return Response(function(Call(principal_of(request), body, path)))

    get = post = patch = delete = _answer


def endpoint(scope: str = "", /, **answers: Answer) -> Callable[..., Any]:
    """A view with a function for each method; a `scope` is named where it is not the usual one of the method."""
    return Endpoint.as_view(answers=answers, scope=scope)
