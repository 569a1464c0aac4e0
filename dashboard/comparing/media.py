"""What several runs logged under one key that is no number, side by side at one step."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.db.models import Count, F, Q, QuerySet

from dashboard import media, naming
from runs.errors import NotFound
from runs.models import Event, EventKind, Run

SHOWN = (EventKind.IMAGE, EventKind.TABLE, EventKind.TEXT)
CARDS_SHOWN = 50
RUNS_AT_ONCE = 24
STEPS_MOST = 2_000  # of the slider: between them it stands on the nearest one before


@dataclass(frozen=True, slots=True)
class Key:
    """A key of one kind in `runs` of the runs, `events` times in all."""

    kind: str
    key: str
    runs: int
    events: int


@dataclass(frozen=True, slots=True)
class Keys:
    keys: list[Key]
    more: int
    steps: list[int]  # at which any of the keys was logged, in order
    is_thinned: bool  # not all of the steps are among them


@dataclass(frozen=True, slots=True)
class Beside:
    """The item of a run at the newest step that is not behind the one asked for; None where there is none yet."""

    run: Run
    label: str
    item: media.Item | None


@dataclass(frozen=True, slots=True)
class Row:
    """Some of the runs that have this key, from the `start`-th on; `rest` are still to be asked for."""

    key: Key
    items: list[Beside]
    start: int
    rest: int

    @property
    def after(self) -> int:
        """Where the next ones begin."""
        return self.start + len(self.items)


def keys(runs: Sequence[Run]) -> Keys:
    """Keys that any run logged, those that most runs have first; two queries."""
    mine = _events(runs)
    rows = mine.values_list("kind", "key").annotate(
        runs=Count("run", distinct=True), events=Count("id")
    )
    found = [Key(*row) for row in rows]
    order = {str(kind): place for place, kind in enumerate(SHOWN)}
    found.sort(key=lambda each: (-each.runs, order[each.kind], each.key))
    steps = sorted(
        step for step in mine.values_list("step", flat=True).distinct() if step is not None
    )
    is_thinned = len(steps) > STEPS_MOST
    if is_thinned:
        steps = [steps[at * (len(steps) - 1) // (STEPS_MOST - 1)] for at in range(STEPS_MOST)]
    return Keys(found[:CARDS_SHOWN], max(0, len(found) - CARDS_SHOWN), steps, is_thinned)


def _events(runs: Sequence[Run]) -> QuerySet[Event]:
    mine = Event.objects.filter(run__in=[run.pk for run in runs], attempt=F("run__attempt"))
    return mine.filter(kind__in=SHOWN).order_by()


def row(runs: Sequence[Run], kind: str, key: str, *, step: int | None, start: int = 0) -> Row:
    """The runs that have this key, `RUNS_AT_ONCE` of them, at a step (their last where none is named).

    A query for each run that is shown. Raises NotFound where no run has such a key.
    """
    if kind not in SHOWN:
        raise NotFound(f"nothing of the kind {kind[:20]!r} is compared")
    mine = _events(runs).filter(kind=kind, key=key)
    there = set(mine.values_list("run_id", flat=True).distinct())
    having = [run for run in runs if run.pk in there]
    if not having:
        raise NotFound(f"none of these runs has logged {kind} {key[:100]!r}")
    labels = naming.labels(runs)
    card = Key(kind, key, len(having), mine.count())
    shown = having[start : start + RUNS_AT_ONCE]
    items = [Beside(run, labels[run.key], _at(run, card, step)) for run in shown]
    return Row(card, items, start, max(0, len(having) - start - len(shown)))


def _at(run: Run, card: Key, step: int | None) -> media.Item | None:
    found = media.of_key(run, run.attempt, card.kind, card.key)
    if step is not None:
        found = found.filter(Q(step__isnull=True) | Q(step__lte=step))
    event = found.last()
    if event is None:
        return None
    event.run = run
    return media.of_event(event, media.Card(card.kind, card.key, 1), position=0)
