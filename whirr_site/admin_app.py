"""Django's admin with our own site: what it lists, and in which order."""

from django.contrib.admin.apps import AdminConfig


class Admin(AdminConfig):
    default_site = "whirr_site.admin_site.Site"
