"""What the log viewer asks for, as the JSON it gets. Line numbers here count from 1, as people see them."""

from bisect import bisect_left
from dataclasses import asdict, dataclass
from typing import Any

from dashboard.logs.failure import failure
from dashboard.logs.text import whole_characters
from runs.errors import Invalid
from runs.logs import marks, ranks, searching
from runs.logs import spans as marking
from runs.logs.lines import Line
from runs.logs.reading import Log, reading
from runs.logs.searching import Wanted
from runs.logs.spans import Spans
from runs.logs.turns import MARKING, TURNS
from runs.models import Run, RunStatus

AT_ONCE = 2000  # lines of one answer
LEAD = 64
BUCKETS = 400  # of the strip that shows where errors are
SURVEY_SECONDS = 0.4  # of one answer; then the page asks again
SHOWN = 100  # hits whose text is in the answer
AROUND = 1  # lines before a hit, and behind it
HIT_LONGEST = 400  # characters of a line in the list of hits

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Window:
    """Lines `first` (from 1) and the `count` - 1 behind it.

    With `tail` instead: the last ones, from a multiple of `tail` that leaves that many, and 64 before it: what a
    program writes there may change rows above.
    """

    first: int = 1
    count: int = AT_ONCE
    tail: int | None = None

    def of(self, log: Log) -> tuple[int, int]:
        """Index of the first line, and how many. Raises Invalid."""
        tail = 1 if self.tail is None else self.tail
        if not 0 < self.count <= AT_ONCE or not 0 < tail <= AT_ONCE // 2:
            raise Invalid(f"ask for 1 to {AT_ONCE} lines, or a tail of 1 to {AT_ONCE // 2}")
        if self.tail is None:
            return max(0, self.first - 1), self.count
        first = max(0, (log.lines - 1) // self.tail - 1) * self.tail
        return max(0, first - LEAD), 2 * self.tail + LEAD


def lines(run: Run, *, attempt: int, window: Window) -> Answer:
    """{"from", "lines", "cut", "times", "count", "size", "end", "open", "final"}: some lines as they were written.

    `cut`: {place in lines: [characters before the hole, bytes left out]}. `count` and `size` are those of the whole
    log; `end` is the byte behind the last line given. `open`: no line break is behind it yet. An answer of many bytes
    has fewer lines than were asked for. Where the log is no plain file, `unreadable` says so.
    """
    try:
        with reading(run, attempt) as log:
            return _lines(log, window) | {"attempt": attempt}
    except Invalid as wrong:
        if "plain file" not in wrong.detail:
            raise
        told = f"The output of this run cannot be shown: {wrong.detail}, but a link or a pipe."
        empty: Answer = {
            "from": 1,
            "lines": [],
            "cut": {},
            "times": None,
            "began": None,
            "count": 0,
            "size": 0,
        }
        return empty | {
            "end": 0,
            "open": False,
            "final": True,
            "unreadable": told,
            "attempt": attempt,
        }


def _lines(log: Log, window: Window) -> Answer:
    first, count = window.of(log)
    found = log.read(first, count)
    shown = [_shown(each) for each in found]
    last = found[-1] if found else None
    is_open = last is not None and last.end >= log.size and log.index.last_start <= last.offset
    end = min(last.end + 1, log.size) if last else 0
    if last is not None and is_open and not last.left_out:
        text, used = whole_characters(last.data, final=log.final)
        shown[-1], end = (text, 0), last.offset + used
    times = marks.of(log.path).of([0, *(each.offset for each in found)]) if found else None
    return {
        "from": found[0].number + 1 if found else first + 1,
        "lines": [text for text, _ in shown],
        "cut": {
            at: [shown[at][1], each.left_out] for at, each in enumerate(found) if each.left_out
        },
        "times": times and times[1:],
        "began": times and times[0],
        "count": log.lines,
        "size": log.size,
        "end": end,
        "open": is_open,
        "final": log.final,
    }


def _shown(line: Line) -> tuple[str, int]:
    """The text of a line, and after how many characters of it bytes are missing."""
    if not line.left_out:
        return line.data.decode("utf-8", "replace"), 0
    head = line.data[: line.cut_at].decode("utf-8", "replace")
    return head + line.data[line.cut_at :].decode("utf-8", "replace"), len(head)


def survey(run: Run, *, attempt: int, rank: str = "") -> Answer:
    """{"buckets": [[line, errors, warnings]], "folds": [{kind, first, last, title}], "complete", "count", "failure"}.

    `ranks`: [[rank, lines]] where there are several, `ranks_left_out` how many more are not told apart, and `rank`:
    {"name", "each", "lines", "left_out"} of the one asked for, its lines in each stretch of so many; `left_out`: it is
    not told apart. Not `complete`: there is more to read than one answer waits for; ask again. Raises Invalid where no
    rank is called so.
    """
    asked = ranks.checked(rank) if rank else ""
    with reading(run, attempt) as log:
        complete = log.look_over(seconds=SURVEY_SECONDS)
        found = log.survey
        told = found.ranks.told(found.lines)
        folds = [
            asdict(each) | {"first": each.first + 1, "last": each.last + 1 or None}
            for each in list(found.folds)
        ]
        answer = {
            "buckets": [
                [at + 1, errors, warnings] for at, errors, warnings in found.buckets(BUCKETS)
            ],
            "folds": folds,
            "folds_left_out": found.folds_left_out,
            "ranks": told,
            "ranks_left_out": found.ranks.untold(told),
            "surveyed": found.lines,
            "complete": complete,
            "count": log.lines,
        }
        if asked:
            each, its_lines = found.ranks.stretches(asked)
            left_out = asked in found.ranks.left_out
            answer["rank"] = {
                "name": asked,
                "each": each,
                "lines": its_lines,
                "left_out": left_out,
            }
    ended_badly = run.status == RunStatus.FAILED or attempt < run.attempt
    wrong = failure(run, attempt=attempt) if ended_badly else None
    return answer | {"failure": asdict(wrong) if wrong else None}


def hits(run: Run, *, attempt: int, wanted: Wanted, near: int = 1, who: str = "") -> Answer:
    """{"total", "before", "numbers", "hits": [{line, text, spans, above, below}], "complete", "searched"}.

    See searching.Hits. `hits` are the texts of the first of `numbers` at or behind line `near`. A page, `who`, has
    one search at a time: the next one ends it. Raises Invalid, Busy.
    """
    with TURNS.taken(who) as given_up, reading(run, attempt) as log:
        found = searching.search(log, wanted, near=max(0, near - 1), given_up=given_up)
        places = Spans(wanted, seconds=marking.PATIENCE)
        start = max(0, min(bisect_left(found.numbers, near - 1), len(found.numbers) - SHOWN))
        return {
            "total": found.total,
            "before": found.before,
            "numbers": [each + 1 for each in found.numbers],
            "hits": [_hit(log, each, places) for each in found.numbers[start : start + SHOWN]],
            "complete": found.complete,
            "searched": found.searched,
            "count": log.lines,
        }


def _hit(log: Log, number: int, places: Spans) -> Answer:
    first = max(0, number - AROUND)
    found = {each.number: each.data for each in log.read(first, number - first + 1 + AROUND)}
    texts = {
        at: searching.ESCAPES.sub(b"", data).decode("utf-8", "replace")[:HIT_LONGEST]
        for at, data in found.items()
    }
    above = [text for at, text in texts.items() if at < number]
    below = [text for at, text in texts.items() if at > number]
    spans = [] if places.over else places.of(found.get(number, b""))
    hit = {"line": number + 1, "text": texts.get(number, ""), "spans": spans}
    return hit | {"above": above, "below": below}


def spans(run: Run, *, attempt: int, wanted: Wanted, window: Window) -> Answer:
    """{"spans": {line: [[character, how many]]}, "until"}: where in these lines the hits are; see spans.Spans.

    `until` is the first line that was not looked at: lines of many bytes are not all looked at, nor those that take
    too long. Raises Invalid, Busy.
    """
    with MARKING.taken(""), reading(run, attempt) as log:
        places = Spans(wanted, seconds=marking.PATIENCE)
        marked: dict[int, list[marking.Span]] = {}
        until = window.first
        for each in log.read(*window.of(log)):
            if marked and places.over:
                break
            until = each.number + 2
            marked[each.number + 1] = places.of(each.data)
    return {"spans": {line: each for line, each in marked.items() if each}, "until": until}
