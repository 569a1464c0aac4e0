"""The admin's site: the queue first, and nothing that the program itself writes anew at each start."""

# Django's admin classes cannot be subscripted when they run:
# mypy: disable-error-code="type-arg"

from typing import Any

from django.contrib.admin import AdminSite
from django.http import HttpRequest

ORDER = ("jobs", "runs", "auth", "dashboard", "mlflow_api")
FIRST = ("Job", "Worker", "Quota", "Run", "RetentionRule")
NOT_OURS = (
    "django_celery_beat"  # schedules come from the settings: what is changed there does not last
)


class Site(AdminSite):
    """Django's own, with another index."""

    site_title = "whirr"
    site_header = "whirr admin"

    def register(self, model_or_iterable: Any, admin_class: Any = None, **options: Any) -> None:
        models = (
            model_or_iterable
            if isinstance(model_or_iterable, (list, tuple))
            else [model_or_iterable]
        )
        ours = [model for model in models if model._meta.app_label != NOT_OURS]
        super().register(ours, admin_class, **options)

    def get_app_list(self, request: HttpRequest, app_label: str | None = None) -> list[Any]:
        apps = list(super().get_app_list(request, app_label))
        for app in apps:
            app["models"].sort(key=lambda model: _place(model["object_name"], FIRST))
        return sorted(apps, key=lambda app: _place(app["app_label"], ORDER))


def _place(name: str, order: tuple[str, ...]) -> int:
    return order.index(name) if name in order else len(order)
