"""What every run has, and what can be asked about it. Other apps add fields of their own when the server starts."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import DurationField, ExpressionWrapper, F, Value
from django.db.models.functions import Coalesce, NullIf

from runs import facts
from runs.models import RunKind, RunStatus
from runs.query.json_values import JsonFlag, JsonText

# How a field is compared. text: as it is; choice: one of a few words; words: `:` looks inside; hash, version: `:`
# is how it begins; number; moment; span; flag: `yes` where there is something, `no` where there is nothing, `any` for
# both.
KINDS = ("text", "choice", "words", "hash", "version", "number", "moment", "span", "tags", "flag")


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


def names() -> list[str]:
    """What a message lists: all of them, the packages as one."""
    shown = [each for each in _fields if not each.startswith(facts.PACKAGE)]
    return [*shown, f"{facts.PACKAGE}…"]


def of_packages(name: str) -> str:
    """A hint for the name of a package whose versions are not kept; "" for other names."""
    kept = ", ".join(facts.PACKAGES)
    return f"versions are kept of {kept}" if name.startswith(facts.PACKAGE) else ""


def column(name: str) -> Callable[[datetime], Any]:
    """A column; for a text an empty one counts as none."""
    return lambda _: F(name)


def text_column(name: str) -> Callable[[datetime], Any]:
    """A column of texts, in which an empty one is none."""
    return lambda _: NullIf(F(name), Value(""))


def fact(name: str) -> Callable[[datetime], Any]:
    """What a document of the run says; see runs.facts."""
    read = JsonFlag if name == "dirty" else JsonText
    return lambda _: read("facts", facts.key_of(name))


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
    Field("commit", "hash", "the commit that it ran from", fact("commit")),
    Field("branch", "text", "the branch of its code", fact("branch")),
    Field("dirty", "choice", "whether its code was changed", fact("dirty"), ("true", "false")),
    Field("python", "version", "the version of its Python", fact("python")),
    Field("gpu", "words", "the model of GPU that its job was given", fact("gpu")),
    *(
        Field(
            f"{facts.PACKAGE}{each}", "version", f"its version of {each}", fact(f"package.{each}")
        )
        for each in facts.PACKAGES
    ),
):
    add(_each)

# Other words for the same.
ALSO = {"status": "state", "tags": "tag", "run": "id", "finished": "ended", "hostname": "host"}
