"""One machine, one folder, no other service: SQLite, channels in memory, Celery through files."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured

from whirr_site.settings import celery_folder, env, sqlite
from whirr_site.settings.base import *  # noqa: F403
from whirr_site.settings.base import DATA_DIR

if env.text("WHIRR_DATABASE_URL") or env.text("WHIRR_REDIS_URL"):
    raise ImproperlyConfigured(
        "WHIRR_DATABASE_URL and WHIRR_REDIS_URL belong to server mode; set WHIRR_MODE=server or unset them."
    )

DATABASES = {"default": sqlite.database(DATA_DIR / "whirr.db")}
CHANNEL_LAYERS: dict[str, dict[str, Any]] = {
    "default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}
}
CELERY_BROKER_URL = celery_folder.URL
CELERY_BROKER_TRANSPORT_OPTIONS = celery_folder.transport(DATA_DIR / "broker")
