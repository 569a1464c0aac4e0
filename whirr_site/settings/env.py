"""Typed readers of environment variables: a value that cannot be meant stops the start with one sentence."""

import os
import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured

TRUE = {"1", "true", "yes", "on"}
FALSE = {"0", "false", "no", "off"}


def text(name: str, default: str = "") -> str:
    """The variable as it stands, stripped; `default` where it is unset or empty."""
    return os.environ.get(name, "").strip() or default


def flag(name: str, *, default: bool) -> bool:
    """A yes or no. Raises ImproperlyConfigured on anything else."""
    raw = text(name).lower()
    if raw in TRUE | FALSE:
        return raw in TRUE
    if raw:
        raise ImproperlyConfigured(f"{name}={raw!r} is neither true nor false; use 1 or 0.")
    return default


def whole(name: str, default: int, *, least: int, most: int) -> int:
    """A whole number within bounds. Raises ImproperlyConfigured outside them."""
    raw = text(name, str(default))
    if not re.fullmatch(r"-?[0-9]{1,18}", raw) or not least <= int(raw) <= most:
        raise ImproperlyConfigured(f"{name}={raw!r} must be a whole number from {least} to {most}.")
    return int(raw)


def choice(name: str, default: str, *, among: tuple[str, ...]) -> str:
    """One of a few words. Raises ImproperlyConfigured on any other."""
    raw = text(name, default)
    if raw not in among:
        raise ImproperlyConfigured(f"{name}={raw!r} is unknown; use one of: {', '.join(among)}.")
    return raw


def names(name: str, default: tuple[str, ...] = ()) -> list[str]:
    """Names between commas."""
    return [part.strip() for part in text(name).split(",") if part.strip()] or list(default)


def networks(name: str) -> list[IPv4Network | IPv6Network]:
    """Addresses and networks between commas. Raises ImproperlyConfigured on anything else."""
    try:
        return [ip_network(part) for part in names(name)]
    except ValueError as error:
        wanted = "addresses and networks such as 10.0.0.1 or 10.0.0.0/24, between commas"
        raise ImproperlyConfigured(f"{name} must be {wanted}: {error}.") from error


def folder(name: str, default: str) -> Path:
    """An absolute folder, made with mode 0700 if it is missing. Raises ImproperlyConfigured if it cannot be used."""
    path = Path(text(name, default)).expanduser().absolute()
    try:
        path.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise ImproperlyConfigured(
            f"{name}: cannot use the folder {path}: {error.strerror or error}."
        ) from error
    if not os.access(path, os.W_OK | os.X_OK):
        raise ImproperlyConfigured(f"{name}: the folder {path} is not writable by this user.")
    return path


def url(name: str, *, schemes: tuple[str, ...]) -> str:
    """A URL with one of the given schemes, or "". Never repeats the value: it may hold a password."""
    raw = text(name)
    if raw and raw.split("://", 1)[0] not in schemes:
        wanted = " or ".join(f"{scheme}://…" for scheme in schemes)
        raise ImproperlyConfigured(f"{name} must look like {wanted}.")
    return raw
