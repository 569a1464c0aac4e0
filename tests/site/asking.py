"""Clients of the site: the owner with the start-up secret, a job with its run token, and nobody."""

from typing import Any

from django.test import Client

from whirr_site.access import run_tokens
from whirr_site.access.principals import startup_secret


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


def owner(**options: Any) -> Client:
    return Client(headers=bearer(startup_secret()), **options)


def job_of(run_key: str, attempt: int = 1) -> Client:
    """The program of that run, with the token that it was given."""
    return Client(headers=bearer(run_tokens.make(run_key, attempt)))


def post(client: Client, path: str, body: Any = None) -> Any:
    """A POST with a JSON body; answers with Django's response, which has `.json()`."""
    return client.post(path, {} if body is None else body, content_type="application/json")
