"""The words for columns: `name`, `config.lr`, `summary.acc`, `metric.val/loss:min`."""

from dataclasses import dataclass

from dashboard.table.job_fields import JOB_COLUMNS
from runs import facts

WHICH = ("last", "min", "max", "best")


@dataclass(frozen=True, slots=True)
class Fixed:
    """A column that every run has. `downwards`: a first click shows large or late ones first."""

    label: str
    numeric: bool = False
    downwards: bool = False
    sortable: bool = True
    groups: bool = False  # whether runs can be grouped by it


FIXED = {
    "name": Fixed("name", groups=True),
    "id": Fixed("id"),
    "state": Fixed("state", groups=True),
    "created": Fixed("created", downwards=True, groups=True),
    "started": Fixed("started", downwards=True, groups=True),
    "ended": Fixed("ended", downwards=True, groups=True),
    "duration": Fixed("duration", numeric=True, downwards=True),
    "user": Fixed("user", groups=True),
    "project": Fixed("project", groups=True),
    "host": Fixed("host", groups=True),
    "tags": Fixed("tags", sortable=False, groups=True),
    "notes": Fixed("notes", sortable=False),
    "kind": Fixed("kind", groups=True),
    "attempt": Fixed("attempt", numeric=True, downwards=True),
    "worker": Fixed("worker", groups=True),
    "gpus": Fixed("GPU", groups=True),
    "reason": Fixed("reason", groups=True),
    "exit": Fixed("exit code", numeric=True),
    "priority": Fixed("priority", numeric=True, downwards=True),
    "array": Fixed("array", groups=True),
    "alerts": Fixed("alerts", numeric=True, sortable=False),
}
# What it ran in and on; `dirty` and versions are words, which stand at the left.
LABELS = {"python": "Python", "gpu": "GPU model"}
FACTS = {
    name: Fixed(LABELS.get(name, name.removeprefix(facts.PACKAGE)), groups=True)
    for name in facts.NAMES
}
FIXED |= FACTS
DATES = ("created", "started", "ended")
ALSO = {"status": "state", "finished": "ended", "tag": "tags", "hostname": "host"}


@dataclass(frozen=True, slots=True)
class Spec:
    """A column as the URL names it. `kind`: fixed, config, summary, metric or rest (all of the config but some keys).

    `name` is the key behind the kind; of `rest`, what is left out, see `without`.
    """

    kind: str
    name: str
    which: str = ""
    pinned: bool = False
    without: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The word for it."""
        if self.kind == "fixed":
            return self.name
        if self.kind == "rest":
            return ",".join(f"-config.{each}" for each in self.without)
        which = f":{self.which}" if self.which not in ("", "last") else ""
        return f"{self.kind}.{self.name}{which}"

    @property
    def label(self) -> str:
        """What its head says."""
        if self.kind == "rest":
            return f"all but {', '.join(self.without)}"
        return FIXED[self.name].label if self.kind == "fixed" else self.name

    @property
    def is_fact(self) -> bool:
        """Whether it stands in `Run.facts`, which is not read where no column needs it."""
        return self.kind == "fixed" and self.name in FACTS

    @property
    def is_of_job(self) -> bool:
        """Whether the queue knows it, and not the run."""
        return self.kind == "fixed" and self.name in JOB_COLUMNS


def spec(word: str) -> Spec | None:
    """The column that a word names; None where it names none."""
    pinned, word = word.startswith("!"), word.removeprefix("!")
    name = ALSO.get(word, word)
    if name in FIXED:
        return Spec("fixed", name, pinned=pinned)
    kind, dot, key = word.partition(".")
    if not dot or not key:
        return None
    if kind in ("config", "summary"):
        return Spec(kind, key, pinned=pinned)
    if kind != "metric":
        return None
    before, colon, which = key.rpartition(":")
    if colon and before and which in WHICH:
        return Spec(kind, before, which, pinned)
    return Spec(kind, key, "last", pinned)


def sorting(word: str) -> tuple[Spec, bool] | None:
    """A column and whether it goes down; None for a word that is no column, or none to sort by."""
    found = spec(word.removeprefix("-"))
    if found is None or (found.kind == "fixed" and not FIXED[found.name].sortable):
        return None
    return found, word.startswith("-")


def groupings(words: tuple[str, ...]) -> tuple[list[Spec], list[str]]:
    """The levels that words ask for, and why not for the others. All that begin with a minus make one level."""
    levels: list[Spec] = []
    unknown: list[str] = []
    without = tuple(word.removeprefix("-config.") for word in words if word.startswith("-config."))
    for word in words:
        found = Spec("rest", "", without=without) if word.startswith("-config.") else spec(word)
        if found is None:
            unknown.append(f"{word[:100]} is no column")
        elif not can_group(found):
            unknown.append(f"runs cannot be grouped by {word[:100]}")
        elif found.key not in {each.key for each in levels}:
            levels.append(found)
    return levels, unknown


def can_group(found: Spec) -> bool:
    """Whether runs can be grouped by this column."""
    return found.kind in ("config", "summary", "rest") or (
        found.kind == "fixed" and FIXED[found.name].groups
    )
