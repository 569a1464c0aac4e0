"""Tokens for jobs: signed, never stored, good for one attempt of one run, until a newer attempt begins."""

from django.core import signing

SALT = "whirr.run-token"
PREFIX = "wr_"


def make(run_key: str, attempt: int) -> str:
    """A token that may write to `attempt` of the run, and read the run."""
    return PREFIX + signing.dumps([run_key, attempt], salt=SALT, compress=False)


def read(token: str) -> tuple[str, int] | None:
    """(run id, attempt) of a genuine token, otherwise None."""
    if not token.startswith(PREFIX):
        return None
    try:
        run_key, attempt = signing.loads(token.removeprefix(PREFIX), salt=SALT)
    except (signing.BadSignature, ValueError, TypeError):
        return None
    return str(run_key), int(attempt)
