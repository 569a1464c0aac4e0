"""The door: a browser shows the start-up secret and gets a session."""

from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from whirr_site.access import principals


@never_cache
@require_http_methods(["GET", "POST"])
def enter(request: HttpRequest) -> HttpResponse:
    """GET shows the form (its script reads the secret from the link's fragment); POST {secret, next} opens a session"""
    target = request.POST.get("next") or request.GET.get("next") or "/"
    if not url_has_allowed_host_and_scheme(target, allowed_hosts={request.get_host()}):
        target = "/"
    if request.method == "GET":
        return render(request, "access/enter.html", {"next": target, "error": ""})
    if not principals.is_startup_secret(request.POST.get("secret", "").strip()):
        error = "That is not this server's secret. `whirr dashboard` prints the link that is."
        return render(request, "access/enter.html", {"next": target, "error": error}, status=403)
    login(request, principals.owner_account())
    return redirect(target)
