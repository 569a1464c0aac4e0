from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "whirr_site.access"
    label = "access"
    verbose_name = "Access"

    def ready(self) -> None:
        from whirr_site.access import schema  # noqa: F401, PLC0415  (registers itself)
