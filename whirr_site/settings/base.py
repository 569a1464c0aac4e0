"""What both modes share: constants, and the values that the environment may set. Documented in docs/settings.md."""

from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path

from whirr import __version__
from whirr_site.settings import contents, env, keys

BASE_DIR = Path(__file__).resolve().parent.parent.parent

# --- the environment ------------------------------------------------------------------------------
DATA_DIR = env.folder("WHIRR_DATA_DIR", ".whirr")
DEBUG = env.flag("WHIRR_DEBUG", default=False)
WHIRR_AUTH = env.choice("WHIRR_AUTH", "token", among=("token", "none"))
WHIRR_TRUSTED_NETWORK = env.flag("WHIRR_TRUSTED_NETWORK", default=False)
WHIRR_RESTART_GRACE = timedelta(
    seconds=env.whole("WHIRR_RESTART_GRACE_SECONDS", 120, least=0, most=3600)
)
# How long a job for several GPUs waits at the front before a worker's GPUs are kept for it.
WHIRR_RESERVE_AFTER = timedelta(
    seconds=env.whole("WHIRR_RESERVE_AFTER_SECONDS", 60, least=0, most=30 * 86400)
)
# How often agents send what a run writes that nobody looks at; see runs.attention.
WHIRR_SHIP_INTERVAL = env.whole("WHIRR_SHIP_INTERVAL_SECONDS", 15, least=1, most=60)
# After this long a GPU-second counts half in fair share.
WHIRR_FAIR_SHARE_HALF_LIFE = timedelta(
    hours=env.whole("WHIRR_FAIR_SHARE_HALF_LIFE_HOURS", 24, least=1, most=10_000)
)
# How long a run stays in the trash before it is deleted for good.
WHIRR_TRASH_GRACE = timedelta(days=env.whole("WHIRR_TRASH_DAYS", 7, least=0, most=3650))
SECRET_KEY = env.text("WHIRR_SECRET_KEY") or keys.read_or_make(DATA_DIR / "secret-key")
ALLOWED_HOSTS = env.names("WHIRR_ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env.names("WHIRR_TRUSTED_ORIGINS")
# Whose word about where a request comes from is believed: X-Forwarded-For.
WHIRR_TRUSTED_PROXIES = env.networks("WHIRR_TRUSTED_PROXIES")
LOG_LEVEL = env.choice("WHIRR_LOG_LEVEL", "INFO", among=("DEBUG", "INFO", "WARNING", "ERROR"))

RUNS_DIR = DATA_DIR / "runs"
BLOBS_DIR = DATA_DIR / "blobs"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    "artifacts": contents.storage(),
}

WHIRR_VERSION = __version__  # not from the environment: what agents' versions are compared with

# --- the site -------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "dashboard",  # before the admin: its templates win
    "whirr_site.admin_app.Admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_filters",
    "django_htmx",
    "django_celery_beat",
    "channels",
    "whirr_site.access",
    "runs",
    "mlflow_api",
    "jobs",
    "whirr_site",
]
MIDDLEWARE = [
    "whirr_site.request_ids.RequestIds",
    "whirr_site.access.headers.PageHeaders",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "mlflow_api.error_shape.MlflowErrors",
    "whirr_site.access.middleware.DefaultDeny",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "whirr_site.errors.Refusals",
]
ROOT_URLCONF = "whirr_site.urls"
ASGI_APPLICATION = "whirr_site.asgi.application"
WSGI_APPLICATION = "whirr_site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
LANGUAGE_CODE = "en"
TIME_ZONE = "UTC"
USE_TZ = True
USE_I18N = False
APPEND_SLASH = True
DATA_UPLOAD_MAX_MEMORY_SIZE = 8 * 1024 * 1024

# --- static files: served as they are, from this host alone ---------------------------------------
_plotly = find_spec("plotly")
STATIC_URL = "/static/"
STATIC_ROOT = env.text("WHIRR_STATIC_ROOT") or None  # for `collectstatic`, where nginx serves them
STATICFILES_DIRS = (
    [("plotly", Path(_plotly.submodule_search_locations[0]) / "package_data")]
    if _plotly and _plotly.submodule_search_locations
    else []
)
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = DEBUG
WHITENOISE_MAX_AGE = 3600

# --- access ---------------------------------------------------------------------------------------
LOGIN_URL = "/enter"
SESSION_COOKIE_NAME = "whirr_session"
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Strict"
CSRF_COOKIE_NAME = "whirr_csrf"
CSRF_COOKIE_SAMESITE = "Strict"
CSRF_FAILURE_VIEW = "whirr_site.errors.expired"
SECURE_CONTENT_TYPE_NOSNIFF = True
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

# --- the API --------------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["whirr_site.access.api.PrincipalAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["whirr_site.access.api.MayUse"],
    "DEFAULT_RENDERER_CLASSES": ["runs.api.rendering.QuickRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "whirr_site.errors.as_response",
    "UNAUTHENTICATED_USER": None,
    "URL_FORMAT_OVERRIDE": None,  # `format` in a query is ours
}
SPECTACULAR_SETTINGS = {
    "TITLE": "whirr",
    "DESCRIPTION": "The GPU job queue and experiment tracker.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["whirr_site.access.api.MayUse"],
    "SERVE_AUTHENTICATION": ["whirr_site.access.api.PrincipalAuthentication"],
    "SWAGGER_UI_DIST": "SIDECAR",
    # A script's text, for its function in dashboard/static/dashboard/api_docs.js. A getter, because the script that it
    # is put into makes its own list of plugins only later.
    "SWAGGER_UI_SETTINGS": (
        "{deepLinking: true, defaultModelsExpandDepth: 0,"
        " get plugins() { return [...plugins, easierToRead]; }}"
    ),
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "JobStatusEnum": "jobs.states.JobStatus",
        "AttemptStatusEnum": "jobs.states.AttemptStatus",
        "ReasonEnum": "jobs.states.Reason",
        "StopSignalEnum": "jobs.states.StopSignal",
        "RunStatusEnum": "runs.models.RunStatus",
        "RuleDirectionEnum": "runs.models.Direction",
    },
}

# --- background work: makes things prompt, never correct (docs/architecture.md) -------------------
CELERY_TASK_SERIALIZER = "json"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_STORE_ERRORS_EVEN_IF_IGNORED = False
CELERY_BEAT_SCHEDULER = "django_celery_beat.schedulers:DatabaseScheduler"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_TIMEZONE = "UTC"

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {"format": "%(asctime)s %(levelname)s %(name)s [%(request_id)s]: %(message)s"}
    },
    "filters": {"request_id": {"()": "whirr_site.request_ids.WithRequestId"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "line",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        "django.request": {"level": "ERROR"},
        "django.channels.server": {"level": "WARNING"},
        "daphne": {"level": "WARNING"},
        "celery.app.trace": {"level": "WARNING"},
        "celery.worker.strategy": {"level": "WARNING"},
        "celery.beat": {"level": "WARNING"},
        "django_celery_beat": {"level": "WARNING"},
    },
}
