"""The Celery application; its schedule is in the database, seeded by a migration of `jobs`."""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "whirr_site.settings")

app = Celery("whirr")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks(["jobs", "runs"])
