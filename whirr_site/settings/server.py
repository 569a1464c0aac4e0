"""Many machines: PostgreSQL and Redis, each falling back to what the embedded mode uses where no URL is given."""

from typing import Any

from whirr_site.settings import celery_folder, env, postgres, sqlite
from whirr_site.settings.base import *  # noqa: F403
from whirr_site.settings.base import DATA_DIR

_database_url = env.url("WHIRR_DATABASE_URL", schemes=("postgresql", "postgres"))
_redis_url = env.url("WHIRR_REDIS_URL", schemes=("redis", "rediss", "unix"))

DATABASES = {
    "default": postgres.database(
        _database_url, pool_size=env.whole("WHIRR_DATABASE_POOL", 20, least=2, most=500)
    )
    if _database_url
    else sqlite.database(DATA_DIR / "whirr.db")
}

CHANNEL_LAYERS: dict[str, dict[str, Any]]
if _redis_url:
    CHANNEL_LAYERS = {
        "default": {
            "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
            "CONFIG": {"hosts": [_redis_url]},
        }
    }
    CELERY_BROKER_URL = _redis_url
else:
    CHANNEL_LAYERS = {"default": {"BACKEND": "channels.layers.InMemoryChannelLayer"}}
    CELERY_BROKER_URL = celery_folder.URL
    CELERY_BROKER_TRANSPORT_OPTIONS = celery_folder.transport(DATA_DIR / "broker")
