"""The night as a picture: a lane for each GPU, a bar for each attempt, from left to right in time.

Places are per cent of the picture's width, so the browser stretches it without a script. Bars that would be thinner
than a screen shows stand together as one, so the picture stays small however many attempts a night had.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dashboard import words
from dashboard.night import waits as waiting_lane
from dashboard.night.ahead import NOTHING, Ahead, Coming, side_by_side
from dashboard.night.scale import THINNEST, Mark, Scale, marks
from dashboard.night.waits import Step
from dashboard.nodes import Node
from jobs.attempted import Span
from jobs.states import AttemptStatus

LISTED = 500  # rows of the table
ROOM = 3.0  # per cent of the width: in a wider bar its name stands, as far as it fits
WORST = (  # of several in one bar the first of these shows
    *(AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.LOST, AttemptStatus.RUNNING),
    *(AttemptStatus.PREEMPTED, AttemptStatus.CANCELLED, AttemptStatus.SUCCEEDED),
)

LEGEND = (
    *(AttemptStatus.RUNNING, AttemptStatus.SUCCEEDED, AttemptStatus.FAILED),
    *(AttemptStatus.TIMED_OUT, AttemptStatus.LOST, AttemptStatus.PREEMPTED),
    AttemptStatus.CANCELLED,
)


@dataclass(frozen=True, slots=True)
class Bar:
    """Some attempts of one lane, one as a rule. `left` and `width` in per cent.

    `ghost`: how far it may go on until its time limit; `expected`: how far it likely goes, with the words for it.
    """

    left: float
    width: float
    status: str
    spans: list[Span]
    ghost: float = 0.0
    expected: float = 0.0
    ends: str = ""

    @property
    def has_room(self) -> bool:
        """For its name."""
        return self.width >= ROOM and len(self.spans) == 1

    @property
    def first(self) -> Span:
        return self.spans[0]

    @property
    def href(self) -> str:
        """Where a click leads: to the run; of several, to the worst."""
        worst = next(span for span in self.spans if span.status == self.status)
        return f"/runs/{worst.run}/" + (f"?attempt={worst.number}" if worst.was_followed else "")

    @property
    def told(self) -> str:
        """For the pointer, for the keyboard and for screen readers."""
        if len(self.spans) > 1:
            count = sum(1 for span in self.spans if span.status == self.status)
            what = words.plural(len(self.spans), "attempt")
            return f"{what}, {count} {_word(self.status)}: {self.first.label} and others"
        return " · ".join(part for part in (tell(self.first), self.ends) if part)


@dataclass(frozen=True, slots=True)
class Plan:
    """A job that waits, where it may start."""

    left: float
    width: float
    coming: Coming

    @property
    def has_room(self) -> bool:
        return self.width >= ROOM

    @property
    def told(self) -> str:
        job = self.coming
        end = f"to {job.until:%H:%M}" if job.known else "for nobody knows how long"
        user = f" · {job.user}" if job.user else ""
        return f"{job.label} · waits · may run from {job.at:%H:%M} {end} UTC, a guess{user}"


def tell(span: Span) -> str:
    """`train · running · 14:02 to now · 2 h 10 m · ada · attempt 2`"""
    end = f"{span.ended:%H:%M}" if span.ended else "now"
    parts = [
        span.label,
        _word(span.status),
        f"{span.started:%H:%M} to {end} UTC",
        words.duration((span.ended - span.started).total_seconds()) if span.ended else "",
        span.user,
        f"attempt {span.number}" if span.newest > 1 else "",
        span.message if span.status not in (AttemptStatus.SUCCEEDED, AttemptStatus.RUNNING) else "",
    ]
    return " · ".join(part for part in parts if part)


def _word(status: str) -> str:
    return status.replace("_", " ")


@dataclass(frozen=True, slots=True)
class Lane:
    """A GPU of a worker, or one of its slots. `kept` is a job for which the worker keeps it, from `kept_from` on."""

    label: str
    bars: list[Bar]
    kept: int | None = None
    kept_from: float = 100.0
    plans: Sequence[Plan] = ()

    @property
    def kept_width(self) -> float:
        return round(100.0 - self.kept_from, 3)


@dataclass(frozen=True, slots=True)
class Machine:
    """The lanes of one worker; `known` is false where its row is gone and only attempts name it."""

    name: str
    lanes: list[Lane]
    known: bool


@dataclass(frozen=True, slots=True)
class Timeline:
    since: datetime
    until: datetime
    marks: list[Mark]
    now: float | None  # where now is, where it is inside
    machines: list[Machine]
    waits: list[Step]
    most_waiting: int
    table: list[Span]
    left_out: int  # of the table
    not_read: int  # attempts that were too many for one look
    coming: list[Coming]

    @property
    def is_empty(self) -> bool:
        lanes = (lane for machine in self.machines for lane in machine.lanes)
        return not any(lane.bars or lane.plans for lane in lanes)

    @property
    def states(self) -> list[str]:
        """Those that occur, for the legend."""
        there = {span.status for span in self.table}
        return [status.value for status in LEGEND if status in there]


def timeline(
    spans: Sequence[Span],
    nodes: Sequence[Node],
    waiting: Iterable[datetime],
    *,
    since: datetime,
    until: datetime,
    now: datetime,
    not_read: int = 0,
    to_come: Ahead = NOTHING,
) -> Timeline:
    """The picture of that time. `waiting`: when each job that waits now entered the queue. No query."""
    scale = Scale(since, until)
    steps, most = waiting_lane.waits(spans, waiting, scale, now=now)
    newest = sorted(spans, key=lambda span: span.started, reverse=True)
    return Timeline(
        since=since,
        until=until,
        marks=marks(scale),
        now=scale.at(now) if since <= now <= until else None,
        machines=machines(spans, nodes, scale, to_come, now=now),
        waits=steps,
        most_waiting=most,
        table=newest[:LISTED],
        left_out=max(0, len(newest) - LISTED),
        not_read=not_read,
        coming=[each for each in to_come.coming if each.at < until],
    )


def machines(
    spans: Sequence[Span],
    nodes: Sequence[Node],
    scale: Scale,
    to_come: Ahead = NOTHING,
    *,
    now: datetime,
) -> list[Machine]:
    """A lane for each GPU and slot that is there, or that an attempt names; workers in their order, then gone ones."""
    by_worker: dict[str, list[Span]] = {node.view.worker.worker_id: [] for node in nodes}
    for span in spans:
        by_worker.setdefault(span.worker, []).append(span)
    known = {node.view.worker.worker_id: node for node in nodes}
    return [
        Machine(name, _lanes(mine, known.get(name), scale, to_come, now=now), name in known)
        for name, mine in by_worker.items()
    ]


def _lanes(
    spans: list[Span], node: Node | None, scale: Scale, to_come: Ahead, *, now: datetime
) -> list[Lane]:
    here = node.view.worker.worker_id if node else ""
    coming = [each for each in to_come.coming if each.worker == here and each.at < scale.until]
    indices = {index for span in spans for index in span.gpus}
    indices |= {device.index for device in node.devices} if node else set()
    kept, since = _kept(node, scale)
    lanes = [
        Lane(
            f"GPU {index}",
            _bars([span for span in spans if index in span.gpus], scale, to_come, now=now),
            kept,
            since,
            _plans([each for each in coming if index in each.gpus], scale),
        )
        for index in sorted(indices)
    ]
    without = _side_by_side([span for span in spans if not span.gpus], now=now)
    if node and not node.devices:
        without += [[] for _ in range(len(without), node.view.worker.slots)]
    alone = [each for each in coming if not each.gpus] if without else []
    planned = side_by_side(alone, without, to_come.ends)
    slots = [
        Lane(
            f"CPU {place}" if len(without) > 1 else "CPU",
            _bars(some, scale, to_come, now=now),
            plans=_plans(planned[place], scale),
        )
        for place, some in enumerate(without)
    ]
    return lanes + slots


def _plans(coming: list[Coming], scale: Scale) -> list[Plan]:
    places = [(scale.at(each.at), scale.at(each.until), each) for each in coming]
    return [Plan(left, max(round(to - left, 3), THINNEST), each) for left, to, each in places]


def _kept(node: Node | None, scale: Scale) -> tuple[int | None, float]:
    if node is None or node.kept_for is None:
        return None, 100.0
    return node.kept_for, scale.at(node.view.worker.reserved_at or scale.until)


def _side_by_side(spans: list[Span], *, now: datetime) -> list[list[Span]]:
    """Attempts that overlap stand in different rows, each in the first that is free."""
    rows: list[list[Span]] = []
    for span in spans:
        free = (row for row in rows if (row[-1].ended or now) <= span.started)
        row = next(free, None)
        if row is None:
            rows.append(row := [])
        row.append(span)
    return rows


def _bars(spans: list[Span], scale: Scale, to_come: Ahead, *, now: datetime) -> list[Bar]:
    """One for each, but for neighbours that would be too thin to be told apart."""
    bars: list[Bar] = []
    for span in spans:
        left, right = scale.at(span.started), scale.at(span.ended or now)
        last = bars[-1] if bars else None
        if last and last.width <= THINNEST and right - last.left <= THINNEST:
            together = [*last.spans, span]
            bars[-1] = Bar(last.left, THINNEST, _worst(together), together)
        else:
            width = max(round(right - left, 3), THINNEST)
            ghost, end = _ghost(span, right, scale), to_come.ends.get(span.job_id)
            far = max(0.0, round(scale.at(end) - right, 3)) if end and span.is_running else 0.0
            words = f"may end at {end:%H:%M} UTC, a guess" if far and end else ""
            bars.append(Bar(left, width, span.status, [span], ghost, far, words))
    return bars


def _ghost(span: Span, right: float, scale: Scale) -> float:
    """How far a running attempt may go on until its time limit, where that is still inside the picture."""
    if not span.is_running or span.limit is None:
        return 0.0
    return max(0.0, round(scale.at(span.started + timedelta(seconds=span.limit)) - right, 3))


def _worst(spans: Sequence[Span]) -> str:
    there = {span.status for span in spans}
    return next((status.value for status in WORST if status in there), spans[0].status)
