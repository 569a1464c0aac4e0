"""Submitting: the body of the request, sent so that a lost answer does not become a second job."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import click

from whirr.cli import output
from whirr.cli.values import exit_codes, listed, parents
from whirr.wire import Client, ConnectionEnded, Unreachable

PAUSES = (0.3, 1.0, 2.0, 4.0, 8.0)  # before the second, third … try
ANSWER = 60.0  # seconds that a server may take for an array of ten thousand


def describe(**given: Any) -> dict[str, Any]:
    """The request body for a new job: what the command line said, without what it left out."""
    body = {
        "command_argv": list(given["argv"]),
        "workdir": str(Path.cwd()),
        "name": given["name"],
        "tags": listed(given["tags"]),
        "env": dict(given["env"]),
        "priority": given["priority"],
        "gpus": given["gpus"],
        "min_memory_mb": given["vram"],
        "gpu_model": given["gpu_model"],
        "require_tags": listed(given["require"]),
        "kind": given["kind"],
        "retries": given["retries"],
        "retry_exit_codes": exit_codes(given["retry_on"]),
        "timeout_seconds": given["timeout"],
        "grace_seconds": given["grace"],
        "stop_signal": given["stop_signal"],
        "exclusive": given["exclusive"],
        "after": parents(given["after"]),
        "array": given["array"],
        "held": given["hold"],
    }
    needless: tuple[object, ...] = (None, "", [], {}, False)
    body = {key: value for key, value in body.items() if value not in needless}
    refuse_broken_text(body)
    return body


def refuse_broken_text(body: dict[str, Any]) -> None:
    """JSON is Unicode: bytes that are none could not be passed as they stand."""
    try:
        json.dumps(body, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        raise click.UsageError("the command or an option holds bytes that are not UTF-8") from error


def send(client: Client, body: dict[str, Any]) -> dict[str, Any]:
    """The server's answer. Once it may have heard of the job, it is asked again until it answers, or for a while.

    All tries carry the same key, by which it knows them for one.
    """
    headers = {"Idempotency-Key": os.urandom(16).hex()}
    heard = False
    for pause in PAUSES:
        try:
            return _once(client, body, headers)
        except Unreachable as error:
            heard = heard or isinstance(error, ConnectionEnded) or error.status is not None
            if not heard:
                raise
            output.chat(f"whirr: the answer was lost ({error}); asking again")
            time.sleep(pause)
    return _once(client, body, headers)


def _once(client: Client, body: dict[str, Any], headers: dict[str, str]) -> dict[str, Any]:
    answer = client.request(
        "POST", "/api/v1/jobs", json=body, headers=headers, timeout=ANSWER, repeatable=True
    ).json()
    if not isinstance(answer, dict) or "job_id" not in answer:
        raise Unreachable("the answer does not come from whirr")
    return answer
