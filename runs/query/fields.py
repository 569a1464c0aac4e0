"""What every run has, and what can be asked about it. Other apps add fields of their own when the server starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Coalesce, NullIf

from runs.models import RunKind, RunStatus

# How a field is compared. text: as it is; choice: one of a few words; words: `:` looks inside; number; moment; span;
# flag: `yes` where there is something, `no` where there is nothing, `any` for both.
KINDS = ("text", "choice", "words", "number", "moment", "span", "tags", "flag")


@dataclass(frozen=True, slots=True)
class Field:
    """`expression(now)`: what the database reads; NULL where a run has none of it. `values`: what it can be."""

    name: str
    kind: str
    told: str
    expression: Callable[[datetime], Any]
    choices: tuple[str, ...] = ()
    # Values for completion, by what they begin with; a query each time.
    values: Callable[[str, int], list[str]] | None = field(default=None, compare=False)
    letter: str = ""  # of a number: what the pages write before it, as in A12


_fields: dict[str, Field] = {}


def add(one: Field) -> None:
    """Register; the same name replaces."""
    if one.kind not in KINDS:
        raise ValueError(f"{one.kind} is no kind of field")
    _fields[one.name] = one


def known() -> dict[str, Field]:
    """All fields by name, in the order in which they were registered."""
    return _fields


def column(name: str) -> Callable[[datetime], Any]:
    """A column; for a text an empty one counts as none."""
    return lambda _: F(name)


def text_column(name: str) -> Callable[[datetime], Any]:
    """A column of texts, in which an empty one is none."""
    return lambda _: NullIf(F(name), Value(""))


def length(now: datetime) -> Any:
    """From start to end, or to now."""
    return ExpressionWrapper(
        Coalesce(F("finished_at"), Value(now)) - F("started_at"), output_field=DurationField()
    )


FLAG = ("no", "yes", "any")

for _each in (
    Field("id", "text", "the run's id", column("key")),
    Field("name", "words", "what it is called", text_column("name")),
    Field("state", "choice", "where it stands", column("status"), tuple(RunStatus.values)),
    Field("tag", "tags", "a tag it has", column("tags")),
    Field("user", "text", "whose it is", text_column("user")),
    Field("project", "text", "its project", text_column("project")),
    Field("host", "text", "the machine it ran on", text_column("hostname")),
    Field("created", "moment", "when it was made", column("created_at")),
    Field("started", "moment", "when it began", column("started_at")),
    Field("ended", "moment", "when it ended", column("finished_at")),
    Field("duration", "span", "how long it took, or takes", length),
    Field("notes", "words", "what was written about it", text_column("notes")),
    Field("kind", "choice", "of a job or direct", column("kind"), tuple(RunKind.values)),
    Field("attempt", "number", "the number of its newest attempt", column("attempt")),
    Field("archived", "flag", "put away; left out unless asked for", column("archived_at"), FLAG),
):
    add(_each)

# Other words for the same.
ALSO = {"status": "state", "tags": "tag", "run": "id", "finished": "ended", "hostname": "host"}
