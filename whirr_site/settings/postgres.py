"""PostgreSQL through psycopg 3 and its pool."""

import re
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict


def database(url: str, *, pool_size: int) -> dict[str, Any]:
    """A Django database entry for a libpq URL. Raises ImproperlyConfigured where libpq cannot read it."""
    try:
        parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if value}
    except ProgrammingError as error:
        raise ImproperlyConfigured(
            "WHIRR_DATABASE_URL cannot be read; it must look like postgresql://user:password@host:5432/name."
        ) from error
    if not re.fullmatch(r"[0-9,]*", parts.get("port", "")):  # libpq would say so at the first query
        raise ImproperlyConfigured("WHIRR_DATABASE_URL has a port that is no number.")
    if "dbname" not in parts:
        raise ImproperlyConfigured("WHIRR_DATABASE_URL names no database; add /name at its end.")
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": parts.pop("dbname"),
        "USER": parts.pop("user", ""),
        "PASSWORD": parts.pop("password", ""),
        "HOST": parts.pop("host", ""),
        "PORT": parts.pop("port", ""),
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            **parts,
            # A connection goes back to the pool when a request ends, so threads may outnumber connections.
            "pool": {"min_size": 1, "max_size": pool_size, "timeout": 15},
        },
    }
