"""What a machine fetches before it is a node. Open to all: the agent is a public program and holds no secret."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.http import condition, require_safe

from whirr_site.agent_file import installed

NAME = "whirr-worker"


def _etag(_request: HttpRequest) -> str:
    return f'"{installed().sha256}"'


@require_safe
@condition(etag_func=_etag)
def agent(_request: HttpRequest) -> HttpResponse:
    """GET /download/whirr-worker   the agent in one file; its SHA-256 is the ETag and stands in X-Checksum-Sha256"""
    answer = HttpResponse(installed().content, content_type="application/octet-stream")
    answer.headers["Content-Disposition"] = f'attachment; filename="{NAME}"'
    return _checked_again(answer)


@require_safe
def checksum(_request: HttpRequest) -> HttpResponse:
    """GET /download/whirr-worker.sha256   `<hex>  whirr-worker`, as `sha256sum -c` reads it"""
    line = f"{installed().sha256}  {NAME}\n"
    return _checked_again(HttpResponse(line, content_type="text/plain; charset=utf-8"))


def _checked_again(answer: HttpResponse) -> HttpResponse:
    """Kept by caches, but asked about each time: an update of the server changes both files together."""
    answer.headers["Cache-Control"] = "no-cache"
    answer.headers["X-Checksum-Sha256"] = installed().sha256
    return answer
