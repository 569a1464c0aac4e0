from django.http import HttpRequest, JsonResponse
from django.utils import timezone

from dashboard.finding import found
from dashboard.frame import needs, visitor


@needs("read")
def palette(request: HttpRequest) -> JsonResponse:
    """GET /palette.json?find=: what the command palette offers."""
    who = visitor(request)
    asked = request.GET.get("find", "")
    lines = found(asked, visitor=who.name, may_submit=who.may("submit"), now=timezone.now())
    return JsonResponse(lines.as_json(), headers={"Cache-Control": "no-store"})
