"""What an agent or a job writes to a run: one function a call, shared by the hot path and the DRF views."""

from typing import Any

from django.utils import timezone

from runs import artifacts, attention, direct, documents, selectors, streams
from runs.api.calls import whole
from runs.diverging import Tail
from runs.errors import Forbidden
from runs.logs import marks
from runs.models import Run, RunKind
from whirr_site.access.principals import Principal


def run_to_write(principal: Principal, key: str, attempt: int) -> Run:
    """The run, if this principal may write to its attempt. Raises Forbidden, NotFound."""
    if not principal.may_write(key, attempt):
        raise Forbidden(f"this token may not write to attempt {attempt} of {key}")
    return selectors.run(key)


def put_stream(
    principal: Principal, key: str, attempt: int, name: str, query: dict[str, str], data: bytes
) -> dict[str, Any]:
    """Bytes at an offset, or the size of a file on a shared disk."""
    run, now = run_to_write(principal, key, attempt), timezone.now()
    grown = marks.told(query.get("marks", ""))
    if "offset" not in query:
        size = whole(query, "size")
        size = streams.note_size(run, attempt, name, size=size, now=now, grown=grown)
    else:
        offset, tail = whole(query, "offset"), _tail(query)
        size = streams.append(
            run, attempt, name, offset=offset, data=data, tail=tail, now=now, grown=grown
        )
    alone = run.kind == RunKind.DIRECT
    interval = attention.interval(run.watched_until, now=now, unwakeable=alone)
    return {"size": size, "next_interval": interval}


def _tail(query: dict[str, str]) -> Tail | None:
    if "tail" not in query:
        return None
    return Tail(whole(query, "tail"), query.get("sha256", ""), query.get("restart") == "1")


def put_document(
    principal: Principal, key: str, attempt: int, name: str, query: dict[str, str], data: bytes
) -> dict[str, Any]:
    """A whole document, or the word that it lies on the shared disk."""
    run = run_to_write(principal, key, attempt)
    if query.get("shared") == "1":
        size = documents.note_shared(run, attempt, name)
    else:
        size = documents.put(run, attempt, name, data)
    if name == "meta.json":
        direct.follow(run, now=timezone.now())
    return {"size": size}


def put_artifact(
    principal: Principal, key: str, attempt: int, name: str, query: dict[str, str], data: bytes
) -> dict[str, Any]:
    """A part of an artifact, or, with no bytes, the question whether they are here already."""
    run = run_to_write(principal, key, attempt)
    artifact = artifacts.receive(
        run,
        attempt,
        name,
        offset=whole(query, "offset"),
        size=whole(query, "size"),
        data=data,
        now=timezone.now(),
        sha256=query.get("sha256", ""),
        may_read=principal.may_read,
    )
    return {"size": artifact.received, "complete": artifact.is_complete}


WRITERS = {"streams": put_stream, "documents": put_document, "artifacts": put_artifact}
