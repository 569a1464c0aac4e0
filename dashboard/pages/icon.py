from django.http import HttpRequest, HttpResponseRedirect
from django.templatetags.static import static


def favicon(_request: HttpRequest) -> HttpResponseRedirect:
    """GET /favicon.ico: for those who ask without reading the page."""
    return HttpResponseRedirect(static("dashboard/favicon.svg"))
