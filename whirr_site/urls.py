"""Every address of the site. What is open to nobody in particular stands in `access.middleware`."""

from django.contrib import admin
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from drf_spectacular.views import SpectacularAPIView, SpectacularSwaggerSplitView

from whirr_site import downloads
from whirr_site.access import schema  # noqa: F401  (registers itself; only where there are urls)
from whirr_site.access.views import enter


def health(request: HttpRequest) -> JsonResponse:
    """GET /health   says that requests are answered, and nothing else"""
    return JsonResponse({"status": "healthy"})


handler400 = "whirr_site.errors.bad_request"
handler403 = "whirr_site.errors.forbidden"
handler404 = "whirr_site.errors.not_found"
handler500 = "whirr_site.errors.server_error"

urlpatterns = [
    path("health", health, name="health"),
    path("enter", enter, name="enter"),
    path("download/whirr-worker", downloads.agent, name="download-agent"),
    path("download/whirr-worker.sha256", downloads.checksum, name="download-agent-checksum"),
    path("api/v1/", include("jobs.api.urls")),
    path("api/v1/", include("runs.api.urls")),
    path("", include("mlflow_api.api.urls")),
    path("api/schema/", SpectacularAPIView.as_view(), name="schema"),
    path("api/docs/", SpectacularSwaggerSplitView.as_view(url_name="schema"), name="docs"),
    path("admin/", admin.site.urls),
    path("", include("dashboard.urls")),
]
