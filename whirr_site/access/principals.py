"""Who is asking, and what they may do. The one place where a credential becomes a principal."""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model

from whirr_site.access import run_tokens
from whirr_site.settings.keys import read_or_make

SCOPES = frozenset({"admin", "submit", "read", "worker"})
OWNER = "owner"


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody with a name and scopes. `run` limits a job's own token to (run id, attempt)."""

    name: str
    scopes: frozenset[str] = field(default_factory=frozenset)
    run: tuple[str, int] | None = None

    is_authenticated = True  # what DRF and its throttles ask of a user

    def may(self, scope: str) -> bool:
        return scope in self.scopes or "admin" in self.scopes

    def may_write(self, run_key: str, attempt: int) -> bool:
        """Agents write to any run, a job's own token to its own attempt alone."""
        return self.may("worker") or self.run == (run_key, attempt)

    def may_read(self, run_key: str) -> bool:
        return self.may("read") or (self.run is not None and self.run[0] == run_key)


EVERYBODY = Principal("anonymous", SCOPES)


@cache
def startup_secret() -> str:
    """The secret that lets in whoever can read the data folder: `<data>/secret`, mode 0600."""
    return read_or_make(settings.DATA_DIR / "secret")


def is_startup_secret(text: str) -> bool:
    """Compare in constant time. An empty text opens nothing, even where the file was emptied."""
    if not text:
        return False
    given, ours = (hashlib.sha256(each.encode()).digest() for each in (text, startup_secret()))
    return hmac.compare_digest(given, ours)


def of_header(authorization: str) -> Principal | None:
    """Read an `Authorization: Bearer …` header; None where it names nobody."""
    if settings.WHIRR_AUTH == "none":
        return EVERYBODY
    kind, _, token = authorization.partition(" ")
    if kind.lower() != "bearer" or not token:
        return None
    if is_startup_secret(token):
        return Principal(OWNER, SCOPES)
    run = run_tokens.read(token)
    return Principal(f"run {run[0]}", frozenset(), run) if run else None


def of_user(user: Any) -> Principal | None:
    """The person of a browser session; None for an anonymous one."""
    if settings.WHIRR_AUTH == "none":
        return EVERYBODY
    if user is None or not user.is_authenticated or not user.is_active:
        return None
    scopes = SCOPES if user.is_superuser else frozenset({"submit", "read"})
    return Principal(user.get_username(), scopes)


def of_scope(scope: Mapping[str, Any]) -> Principal | None:
    """The same for the scope of a websocket: the header first, then the session's user."""
    header = next((value for name, value in scope["headers"] if name == b"authorization"), b"")
    return of_header(header.decode("latin-1")) or of_user(scope.get("user"))


def owner_account() -> Any:
    """The account behind the start-up secret, so that the admin knows whom it serves. It has no password."""
    accounts = get_user_model().objects
    account, made = accounts.get_or_create(
        username=OWNER, defaults={"is_staff": True, "is_superuser": True}
    )
    if made:
        account.set_unusable_password()
        account.save(update_fields=["password"])
    return account
