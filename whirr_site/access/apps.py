from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "whirr_site.access"
    label = "access"
    verbose_name = "Access"
