"""Lines of an events file as rows: alerts, and what was logged that is no number.

What a line holds is data and nothing else: a type that nobody knows is kept as "other", a text where a number was
meant stays where it is, and whoever shows it looks before.
"""

from functools import partial
from typing import Any

from runs import feed, lines, storable, storage
from runs.models import Event, EventKind, Level, Run
from runs.parsing import INT64, decode, seconds

# Of a line. The library keeps larger tables in files of their own; a little is added for what stands around one.
LONGEST = 256 * 1024 + 16 * 1024
LONGEST_KEY = 255
LINES = 2000  # in one transaction
OWN = frozenset({"_idx", "_timestamp", "step", "type", "key"})  # what has a column
LEVELS = {"warn": Level.WARNING, "critical": Level.ERROR, "debug": Level.INFO}
LOGGED = (EventKind.TEXT, EventKind.IMAGE, EventKind.TABLE, EventKind.HISTOGRAM)


def index(run: Run, attempt: int, name: str, *, size: int) -> bool:
    """Bring the rows of the first `size` bytes of an events file up to date; true where it grew.

    Each complete line that is not empty becomes one row, exactly once; one that cannot be read is counted, one that is
    too large is replaced by a note. Raises Invalid where `name` is no stream.
    """
    writer = storage.parted(name)[1]
    keep = partial(_keep, run, attempt, writer)
    return lines.take(run, attempt, name, size=size, keep=keep, at_once=LINES)


def _keep(run: Run, attempt: int, writer: str, found: list[bytes], first: int) -> lines.Kept:
    events = [event_of(line, number) for number, line in enumerate(found, start=first)]
    readable = [event for event in events if event is not None]
    for event in readable:
        event.run, event.attempt, event.writer = run, attempt, writer
    Event.objects.bulk_create(readable, batch_size=500)
    if any(event.kind == EventKind.ALERT for event in readable):
        feed.ring(feed.QUEUE)
    bad = len(events) - len(readable) - found.count(b"")
    return lines.Kept(len(events), bad)


def event_of(line: bytes, number: int) -> Event | None:
    """The event that a line tells, of no run yet; None where it cannot be read."""
    record = decode(line)
    if record is None:
        return None
    said = record.get("type")
    kind = EventKind(said) if isinstance(said, str) and said in EventKind else EventKind.OTHER
    key, step = _key(record, kind), record.get("step")
    return Event(
        index=number,
        kind=kind,
        level=_level(record) if kind == EventKind.ALERT else "",
        key=key[:LONGEST_KEY],
        step=step if type(step) is int and step in INT64 else None,
        at=seconds(record.get("_timestamp")),
        body=_body(record, kind, key, length=len(line)),
    )


def _key(record: dict[str, Any], kind: EventKind) -> str:
    """Under which name it was logged; an alert's is its title, and a line of the events protocol has its event."""
    named = record.get("key")
    if named is None:
        named = record.get("title" if kind == EventKind.ALERT else "event")
    return storable.text(named) if isinstance(named, str) else ""


def _level(record: dict[str, Any]) -> Level:
    said = record.get("level")
    word = said.lower() if isinstance(said, str) else ""
    return Level(word) if word in Level else LEVELS.get(word, Level.INFO)


def _body(record: dict[str, Any], kind: EventKind, key: str, *, length: int) -> dict[str, Any]:
    if length > LONGEST:
        return {"left_out": f"a line of {length} bytes; {LONGEST} are kept"}
    rest = {name: each for name, each in record.items() if name not in OWN}
    if kind == EventKind.OTHER and "type" in record:
        rest["type"] = record["type"]
    if len(key) > LONGEST_KEY or not isinstance(record.get("key", ""), str):
        rest["key"] = record.get("key", key)
    body: dict[str, Any] = storable.json(rest)
    return body
