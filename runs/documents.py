"""Small files that describe a run, replaced as a whole; four of them are read into the run's row."""

from contextlib import suppress
from typing import Any

from django.db import transaction

from runs import facts, feed, run_file, storable, storage
from runs.errors import DomainError, Invalid, NotFound, TooLarge
from runs.models import Run
from runs.parsing import decode
from runs.streams import may_write

LIMIT = 4 * 1024 * 1024
MOST = 2**31 - 1
DESCRIBED = ("name", "project", "tags", "summary", "hostname", "dropped", "resumed")


def put(run: Run, attempt: int, name: str, data: bytes) -> int:
    """Keep a document and take over what it says. Raises LeaseLost, Invalid, TooLarge."""
    may_write(run, attempt)
    if len(data) > LIMIT:
        raise TooLarge(f"{name} may have {LIMIT} bytes, not {len(data)}")
    storage.prepare(run, attempt)
    with storage.replacing(storage.document_path(run, attempt, name)) as draft:
        draft.write_bytes(data)
        # First: what cannot be read takes no good document's place.
        take_over(run, attempt, name, data)
    return len(data)


def note_shared(run: Run, attempt: int, name: str) -> int:
    """The same for a document that lies on the disk that agent and server share."""
    may_write(run, attempt)
    path = storage.document_path(run, attempt, name)
    if storage.size_of(path) == 0:
        raise Invalid(f"{name} is not on the shared disk")
    with storage.reading(path) as file:
        data = file.read(LIMIT)
    take_over(run, attempt, name, data)
    return len(data)


def read(run: Run, attempt: int, name: str) -> bytes:
    """A document of an attempt as it was kept. Raises NotFound, TooLarge, and Invalid where it is no plain file."""
    if attempt < 1:
        raise NotFound(f"{run.key} has not begun: there is no {name}")
    path = storage.document_path(run, attempt, name)
    try:
        with storage.reading(path) as file:
            data = file.read(LIMIT + 1)
    except FileNotFoundError:
        raise NotFound(f"{run.key} has no {name}") from None
    except OSError as error:
        raise Invalid(f"{name} of {run.key} cannot be read: {error.strerror}") from error
    if len(data) > LIMIT:
        raise TooLarge(f"{name} of {run.key} has more than {LIMIT} bytes")
    return data


def take_over(run: Run, attempt: int, name: str, data: bytes) -> None:
    """Read config.json into the run's config, what meta.json tells of the run into its row, and out of those that have
    some the facts, where the attempt is the newest one.
    """
    if name not in ("config.json", *facts.OF_DOCUMENT):
        return
    content = storable.json(decode(data)) if name in ("config.json", "meta.json") else {}
    if content is None:
        raise Invalid(f"{name} is not a JSON object")
    with transaction.atomic():
        fresh = Run.objects.select_for_update().get(pk=run.pk)
        if name == "config.json":
            fresh.config = fresh.config | content
        if name == "meta.json":
            _describe(fresh, content)
        if name in facts.OF_DOCUMENT and attempt == fresh.attempt:
            is_first = fresh.facts.get(facts.ATTEMPT) != fresh.attempt
            known = facts_in_files(fresh) if is_first else fresh.facts
            fresh.facts = facts.with_document(known, name, data)
        fresh.save(update_fields=["config", "facts", *DESCRIBED])
        run_file.write_if_ended(fresh)
        feed.ring(feed.run_group(run.key))


def facts_in_files(run: Run) -> dict[str, Any]:
    """What the documents of its newest attempt tell; a document that cannot be read tells nothing."""
    found: dict[str, Any] = {facts.ATTEMPT: run.attempt}
    for name in facts.OF_DOCUMENT:
        with suppress(DomainError):
            found = facts.with_document(found, name, read(run, run.attempt, name))
    return found


def _describe(run: Run, meta: dict[str, Any]) -> None:
    tags, summary = meta.get("tags"), meta.get("summary")
    # What somebody called it stands, whether they submitted it or changed it since.
    run.name = run.name or _text(meta.get("name"), longest=255)
    run.project = run.project or _text(meta.get("project"), longest=100)
    run.hostname = run.hostname or str(meta.get("hostname") or "")[:255]
    if isinstance(tags, list):
        run.tags = list(dict.fromkeys([*run.tags, *(str(tag) for tag in tags)]))
    if isinstance(summary, dict):
        run.summary = run.summary | summary
    # Each attempt counts from 0; a loss that was told once is not forgotten.
    run.dropped = max(run.dropped, _count(meta.get("dropped")))
    run.resumed = max(run.resumed, _count(meta.get("resumed")))


def _text(said: object, *, longest: int) -> str:
    return said[:longest] if isinstance(said, str) else ""


def _count(said: object) -> int:
    return min(max(said, 0), MOST) if type(said) is int else 0
